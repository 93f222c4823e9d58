"""Takes comments and docstrings out of Python source: a CZEX carries its boot, and few read it there.

`tokenize` would take a quarter of the time of an assembly. What is looked for here is all that decides.
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


def without_comments(source: str) -> str:
    """The same program, line for line, without comments and with empty docstrings.

    For what a traceback shows, each line keeps its number.
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
            kept.append(source[position:start])
            position = end
        elif kind == "string" and not depth and not source[statement:start].strip():
            kept += (source[position:start], '""', "\n" * token.group().count("\n"))
            position = end
    return "".join(kept) + source[position:]
