"""Draw the pictures of a build and of a start: `python3 docs/generate/pictures.py` writes them to docs/pictures/."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Dict, List, Tuple

PICTURES = Path(__file__).resolve().parents[1] / "pictures"
LINE, PADDING = 18, 10

# A page may be dark.
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.head { font-weight: 600 }
.small { font-size: 12px; fill: #57606a }
rect { fill: #f6f8fa; stroke: #8c959f; rx: 6px }
.step { fill: #ddf4ff; stroke: #0969da }
.result { fill: #dafbe1; stroke: #1a7f37 }
path { fill: none; stroke: #57606a; stroke-width: 1.5 }
.tip { fill: #57606a; stroke: none }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .small { fill: #9198a1 }
  rect { fill: #21262d; stroke: #656c76 }
  .step { fill: #0d2d52; stroke: #4493f8 }
  .result { fill: #0f2d1a; stroke: #3fb950 }
  path { stroke: #9198a1 }
  .tip { fill: #9198a1 }
}
"""


@dataclass(frozen=True)
class Box:
    """A box with a line of heading and lines below it.

    :param kind: "input", "step" or "result".
    """

    x: int
    y: int
    width: int
    kind: str
    head: str
    lines: Tuple[str, ...] = ()

    @property
    def height(self) -> int:
        return LINE * (1 + len(self.lines)) + 2 * PADDING

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def middle(self) -> Tuple[int, int]:
        return self.x + self.width // 2, self.y + self.height // 2

    def drawn(self) -> List[str]:
        kind = "" if self.kind == "input" else f' class="{self.kind}"'
        first = self.y + PADDING + 13
        return [
            f'<rect{kind} x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}"/>',
            text(self.x + PADDING, first, self.head, "head"),
            *(
                text(self.x + PADDING, first + LINE * number, line, "small")
                for number, line in enumerate(self.lines, 1)
            ),
        ]


def text(x: int, y: int, content: str, kind: str = "small", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(content)}</text>'


def line(*points: Tuple[int, int], tip: str = "") -> str:
    return '<path{} d="M{}"/>'.format(tip, " L".join(f"{x} {y}" for x, y in points))


def arrow(*points: Tuple[int, int]) -> str:
    """A line through points, with a tip at the last one."""
    return line(*points, tip=' marker-end="url(#tip)"')


def across(start: Box, end: Box) -> str:
    """An arrow from the right side of a box to the left side of another, with a step between the columns."""
    (_, from_y), (_, to_y) = start.middle, end.middle
    turn = end.x - 24
    if from_y == to_y:
        return arrow((start.right, from_y), (end.x - 2, to_y))
    return arrow((start.right, from_y), (turn, from_y), (turn, to_y), (end.x - 2, to_y))


def down(start: Box, end: Box) -> str:
    """An arrow from the bottom of a box to the top of another that is below it."""
    x = start.middle[0]
    return arrow((x, start.bottom), (x, end.y - 2))


def picture(title: str, description: str, width: int, boxes: List[Box], more: List[str]) -> str:
    height = max(box.bottom for box in boxes) + 10
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<desc>{escape(description)}</desc>",
            f"<style>{STYLE}</style>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto"><path class="tip" d="M0 0 L8 4 L0 8 z"/></marker></defs>',
            *more,
            *(line for box in boxes for line in box.drawn()),
            "</svg>\n",
        )
    )


def build() -> str:
    wheels = Box(10, 10, 170, "input", "Wheels", ("that Pex resolves",))
    sources = Box(10, 96, 170, "input", "Sources", ("of the pex_binary",))
    python = Box(10, 182, 170, "input", "An interpreter", ("of each precompile",))
    runtime = Box(10, 268, 170, "input", "native/src, libzstd", ("one runtime in Zig",))
    boot = Box(10, 354, 170, "input", "native/boot", ("Python and sh",))
    pack = Box(240, 10, 250, "step", "Pack each wheel", ("once for all apps of a repository",))
    own = Box(240, 96, 250, "step", "Pack the sources", ("again after each changed line",))
    bytecode = Box(240, 182, 250, "step", "Compile bytecode", ("for each pack and for the boot",))
    native = Box(
        240, 268, 250, "step", "Compile the runtime", ("once for each platform, or prebuilt",)
    )
    assembly = Box(
        550, 139, 200, "step", "Assemble", ("copy packs, runtimes", "and the boot into one zip")
    )
    czex = Box(550, 280, 200, "result", "app.czex", ("a file, or a directory",))
    steps = (pack, own, bytecode, native)
    arrows = [
        *(across(start, end) for start, end in zip((wheels, sources, python, runtime), steps)),
        *(across(step, assembly) for step in steps),
        # The text of the boot joins the line of the runtime.
        line((boot.right, boot.middle[1]), (526, boot.middle[1]), (526, native.middle[1])),
        down(assembly, czex),
        # The modules of each pack are compiled.
        line((365, pack.bottom), (365, own.y)),
        down(own, bytecode),
    ]
    return picture(
        "How a CZEX is built",
        "Each wheel and the sources are packed, bytecode and runtimes are compiled, and one step puts all "
        "together. Each blue box is a process of its own, whose result is cached.",
        760,
        [wheels, sources, python, runtime, boot, *steps, assembly, czex],
        arrows,
    )


def start() -> str:
    by_python = Box(10, 10, 230, "input", "python app.czex", ("__main__.py in the file",))
    by_name = Box(520, 10, 230, "input", "./app.czex", ("the sh header of the file",))
    looks = Box(10, 110, 230, "step", "Installed already?", ("looks for one file in the cache",))
    asks = Box(520, 110, 230, "step", "Installed already?", ("looks for one file in the cache",))
    cold = Box(
        265,
        196,
        230,
        "step",
        "Cold start",
        (
            "1. choose an interpreter",
            "2. choose the wheels that fit it",
            "3. write the runtime to the cache",
            "4. the runtime unpacks new packs",
            "    and links the environment",
        ),
    )
    becomes = Box(
        10,
        370,
        230,
        "step",
        "Activate",
        ("the running interpreter becomes", "the environment's own"),
    )
    own = Box(
        520, 370, 230, "step", "exec", ("the environment's interpreter", "runs its __main__.py")
    )
    app = Box(
        265, 474, 230, "result", "The app's entry point", ("as in a plain virtual environment",)
    )
    arrows = [
        down(by_python, looks),
        down(by_name, asks),
        arrow((looks.right, looks.middle[1]), (330, looks.middle[1]), (330, cold.y - 2)),
        arrow((asks.x, asks.middle[1]), (430, asks.middle[1]), (430, cold.y - 2)),
        text(262, looks.middle[1] - 8, "no"),
        text(484, asks.middle[1] - 8, "no"),
        down(looks, becomes),
        down(asks, own),
        text(133, 190, "yes"),
        text(643, 190, "yes"),
        arrow((380, cold.bottom), (380, becomes.middle[1]), (becomes.right + 2, becomes.middle[1])),
        arrow((125, becomes.bottom), (125, app.middle[1]), (app.x - 2, app.middle[1])),
        arrow((635, own.bottom), (635, app.middle[1]), (app.right + 2, app.middle[1])),
    ]
    return picture(
        "How a CZEX starts",
        "A start looks for the app's environment in the cache. If it is there, the interpreter enters it at "
        "once. If not, a cold start installs it first.",
        760,
        [by_python, by_name, looks, asks, cold, becomes, own, app],
        arrows,
    )


def pictures() -> Dict[str, str]:
    """The pictures by the names of their files."""
    return {"build.svg": build(), "start.svg": start()}


if __name__ == "__main__":
    for name, drawn in pictures().items():
        (PICTURES / name).write_text(drawn)
