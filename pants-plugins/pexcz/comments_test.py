"""`without_comments` doesn't change a program."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path
from typing import Any

import pytest

from pexcz.bootfiles import boot_files, module_sources
from pexcz.comments import without_comments

BOOT = Path(__file__).resolve().parents[2] / "native" / "boot"
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)

SOURCE = '''\
"""A module.

Of two lines.
"""

# A comment.
import os  # and another

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TEXT = """no docstring,
# and no comment
"""
QUOTES = '"', "'", '\\'#', "\\"#", """"#""", 'a\\
#b', \\
    "no docstring either"
""" """.strip()  # An expression.


class Empty(object):
    """Nothing but this."""


def function(argument="#"):
    """Says what it does."""
    # Why.
    return [
        # Inside.
        argument,
        "also no docstring",
    ]
'''


def at_run_time(source: str) -> ast.Module:
    """Return the tree of a program without imports for type checkers."""
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if "TYPE_CHECKING" not in ast.dump(node)]
    return tree


def test_comments_and_docstrings_are_removed_and_lines_keep_their_numbers() -> None:
    stripped = without_comments(SOURCE)
    assert stripped.count("\n") == SOURCE.count("\n")
    for gone in (
        "A module",
        "two lines",
        "A comment",
        "another",
        "Nothing",
        "Why",
        "Inside",
        "expression",
        "TYPE_CHECKING",
        "Any",
    ):
        assert gone not in stripped
    namespace: dict[str, Any] = {}
    exec(stripped, namespace)
    assert namespace["TEXT"] == "no docstring,\n# and no comment\n"
    assert namespace["QUOTES"] == ('"', "'", "'#", '"#', '"#', "a#b", "no docstring either")
    assert namespace["function"]() == ["#", "also no docstring"]
    assert (namespace["__doc__"], namespace["Empty"].__doc__) == ("", "")
    before = [type(node).__name__ for node in ast.walk(at_run_time(SOURCE))]
    assert [type(node).__name__ for node in ast.walk(ast.parse(stripped))] == before


@pytest.mark.parametrize("keep_lines", [True, False])
def test_without_comments_does_not_change_the_code_of_the_boot(keep_lines: bool) -> None:
    for name, text in module_sources(boot_files(BOOT), "boot").items():
        stripped = without_comments(text, keep_lines)
        assert (stripped.count("\n") == text.count("\n")) == keep_lines
        assert keep_lines or "\n\n\n" not in stripped, name
        tokens = tokenize.generate_tokens(io.StringIO(stripped).readline)
        assert tokenize.COMMENT not in {token.type for token in tokens}, name
        before = at_run_time(text)
        for node in ast.walk(before):
            if isinstance(node, DOCUMENTED) and ast.get_docstring(node):
                node.body[0] = ast.Expr(ast.Constant(""))
        assert ast.dump(ast.parse(stripped)) == ast.dump(before), name
