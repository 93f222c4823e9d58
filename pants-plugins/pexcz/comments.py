"""Remove comments, docstrings, imports for type checkers and most of the indentation, to make the boot of a CZEX smaller.

`tokenize` would take a quarter of the time of an assembly. The pattern here finds only the tokens that matter.
"""

from __future__ import annotations

import re

# It begins with a set of characters, because `re` then skips all others quickly.
_TOKEN = re.compile(
    r"""
    [\#"'()\[\]{}\\\n]
    (?:
        (?P<comment>(?<=\#)[^\n]*)
        | (?P<string>
            (?<=")(?:""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3} | [^"\\\n]*(?:\\.[^"\\\n]*)*")
            | (?<=')(?:''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'{3} | [^'\\\n]*(?:\\.[^'\\\n]*)*')
        )
        | (?P<opening>(?<=[(\[{]))
        | (?P<closing>(?<=[)\]}]))
        | (?P<continuation>(?<=\\)\n)
        | (?P<line_end>(?<=\n))
    )
    """,
    re.DOTALL | re.VERBOSE,
)
_PREFIX = "bBrRuU"

INDENTATION = 4
# Stands for a string, whose lines stay as they are.
_STRING = "\0"
_EMPTY_LINES = re.compile(r"\n\n+")
_INDENTATION = re.compile(r"(?<=\n) +")
_FOR_TYPE_CHECKERS = re.compile(r"^TYPE_CHECKING = False\nif TYPE_CHECKING:\n(?: .*\n)+", re.M)


def without_comments(source: str, keep_lines: bool = True) -> str:
    """Return the same program without comments, with empty docstrings, and with an indentation of one space.

    Imports for type checkers, which no program runs, are removed as well.

    :param keep_lines: Whether each line keeps its number, which tracebacks show. Otherwise empty lines are removed, too.
    """
    source = _FOR_TYPE_CHECKERS.sub(lambda match: "\n" * match[0].count("\n"), source)
    kept = []
    strings = []
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
            kept.append(source[position:start].rstrip(" \t"))
            position = end
        elif kind == "string":
            text = token.group()
            if not depth and not source[statement:start].strip().strip(_PREFIX):
                text = '""' + "\n" * text.count("\n") * keep_lines
            kept += (source[position:start], _STRING)
            strings.append(text)
            position = end
    kept.append(source[position:])
    # By one space instead of four.
    text = _INDENTATION.sub(lambda match: " " * (len(match.group()) // INDENTATION), "".join(kept))
    if not keep_lines:
        text = _EMPTY_LINES.sub("\n", text)
    return "".join(part + string for part, string in zip(text.split(_STRING), [*strings, ""]))
