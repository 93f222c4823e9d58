"""Parts of an SVG that all charts share."""

from __future__ import annotations

from html import escape
from typing import List

# The style has colours for light and for dark pages.
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.head { font-weight: 600 }
.tick { font-size: 11px; fill: #6e7781 }
line { stroke: #d0d7de }
.one { stroke: #6e7781; stroke-dasharray: 3 3 }
.other { fill: #afb8c1 }
.czex { fill: #2f81f7 }
.open { fill: #ffffff; stroke: #6e7781; stroke-width: 2 }
.number { font-size: 11px; stroke: #ffffff; stroke-width: 3; paint-order: stroke }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .tick { fill: #8d96a0 }
  line { stroke: #30363d }
  .other { fill: #6e7681 }
  .open { fill: #0d1117; stroke: #8d96a0 }
  .number { stroke: #0d1117 }
}
"""


def document(width: int, height: float, title: str, drawn: List[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
    lines = [head, f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>", *drawn, "</svg>"]
    return "\n".join(lines) + "\n"


def vertical(x: float, top: float, bottom: float, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<line{named} x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}"/>'


def text(x: float, y: float, content: str, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(content)}</text>'
