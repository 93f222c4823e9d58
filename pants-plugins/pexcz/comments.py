"""Remove comments, docstrings and most of the indentation from Python source, to make the boot of a CZEX smaller.

`tokenize` would take a quarter of the time of an assembly. The pattern here finds only the tokens that matter.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
    (?P<comment>[ \t]*\#[^\n]*)
    | (?P<string>
        [bBrRuU]{0,2}
        (?:
            \"{3}(?:[^\\]|\\.)*?\"{3}
            | '{3}(?:[^\\]|\\.)*?'{3}
            | "(?:[^"\\\n]|\\.)*"
            | '(?:[^'\\\n]|\\.)*'
        )
    )
    | (?P<opening>[(\[{])
    | (?P<closing>[)\]}])
    | (?P<continuation>\\\n)
    | (?P<line_end>\n)
    """,
    re.DOTALL | re.VERBOSE,
)

INDENTATION = 4
_INDENTATION = re.compile(r"(?<=\n) +")


def without_comments(source: str) -> str:
    """Return the same program without comments, with empty docstrings, and with an indentation of one space.

    Each line keeps its number, because tracebacks show it.
    """
    kept = []
    position = statement = depth = 0
    for token in _TOKEN.finditer(source):
        kind, (start, end) = token.lastgroup, token.span()
        if kind == "opening":
            depth += 1
        elif kind == "closing":
            depth -= 1
        elif kind == "line_end" and not depth:
            statement = end
        elif kind == "comment":
            kept.append(_dedented(source[position:start]))
            position = end
        elif kind == "string":
            text = token.group()
            if not depth and not source[statement:start].strip():
                text = '""' + "\n" * text.count("\n")
            kept += (_dedented(source[position:start]), text)
            position = end
    return "".join(kept) + _dedented(source[position:])


def _dedented(text: str) -> str:
    """Return text from outside of strings, indented by one space instead of four."""
    return _INDENTATION.sub(lambda match: " " * (len(match.group()) // INDENTATION), text)
