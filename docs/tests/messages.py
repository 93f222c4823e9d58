"""Find the messages in sources, as a person reads them: "…" stands for a variable part."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Iterator

# Names of calls that report an error to a person.
TELLERS = re.compile(
    r"CannotStart|Failed|BuildError|InvalidFieldException|(PexczError|OutputError|CacheError|(Bad|NotA)\w+Error)"
)


def text_of(node: ast.AST) -> str:
    """Return the text that an expression builds, with "…" for unknown parts."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"\{[^{}]*\}", "…", node.value)
    if isinstance(node, ast.JoinedStr):
        parts = (text_of(part) for part in node.values)
        return "".join(parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return text_of(node.left) + text_of(node.right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return text_of(node.func.value) if node.func.attr == "format" else "…"
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "softwrap":
        return text_of(node.args[0])
    return "…"


def on_one_line(text: str) -> str:
    return " ".join(text.split())


def said(source: Path) -> Iterator[str]:
    """Return all texts in a source."""
    content = source.read_text()
    if source.suffix != ".py":
        yield on_one_line(re.sub(r"\$0|@\w+@", "…", content))
        return
    for node in ast.walk(ast.parse(content)):
        yield on_one_line(text_of(node))


def told(source: Path) -> Iterator[str]:
    """Return the messages of calls that report an error, if the call contains the text."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", "")
            message = on_one_line(text_of(node.args[0]))
            # A message with this end gets its reason from elsewhere.
            is_whole = re.search("[a-z]{3}", message) and not message.endswith("… …")
            if TELLERS.fullmatch(name) and is_whole:
                yield message
