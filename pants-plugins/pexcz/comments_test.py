"""What is left of a program without its comments is the same program."""

from __future__ import annotations

import ast
from typing import Any

from pexcz.comments import without_comments

SOURCE = '''\
"""A module.

Of two lines.
"""

# A comment.
import os  # and another

TEXT = """no docstring,
# and no comment
"""


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


def test_comments_and_docstrings_go_and_every_line_keeps_its_number() -> None:
    stripped = without_comments(SOURCE)
    assert stripped.count("\n") == SOURCE.count("\n")
    for gone in ("A module", "two lines", "A comment", "another", "Nothing", "Why", "Inside"):
        assert gone not in stripped
    namespace: dict[str, Any] = {}
    exec(stripped, namespace)
    assert namespace["TEXT"] == "no docstring,\n# and no comment\n"
    assert namespace["function"]() == ["#", "also no docstring"]
    assert (namespace["__doc__"], namespace["Empty"].__doc__) == ("", "")
    before = [type(node).__name__ for node in ast.walk(ast.parse(SOURCE))]
    assert [type(node).__name__ for node in ast.walk(ast.parse(stripped))] == before
