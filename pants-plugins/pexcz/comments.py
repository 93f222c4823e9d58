"""Takes comments and docstrings out of Python source: a CZEX carries its boot, and few read it there."""

from __future__ import annotations

import io
import tokenize

# What a statement can follow.
_BEFORE_STATEMENT = frozenset(
    [tokenize.ENCODING, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT]
)
_IGNORED = frozenset([tokenize.COMMENT, tokenize.NL])


def without_comments(source: str) -> str:
    """The same program, line for line, without comments and with empty docstrings.

    For what a traceback shows, each line keeps its number.
    """
    lines = source.splitlines()
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    previous = tokenize.ENCODING
    for token in tokens:
        (row, column), (end_row, end_column) = token.start, token.end
        if token.type == tokenize.COMMENT:
            lines[row - 1] = lines[row - 1][:column].rstrip()
        elif token.type == tokenize.STRING and previous in _BEFORE_STATEMENT:
            lines[row - 1] = lines[row - 1][:column] + '""'
            for index in range(row, end_row - 1):
                lines[index] = ""
            if end_row > row:
                lines[end_row - 1] = lines[end_row - 1][end_column:]
        if token.type not in _IGNORED:
            previous = token.type
    return "".join(line + "\n" for line in lines)
