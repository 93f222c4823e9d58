"""Calls to rules of this backend: see `czex.compat`."""

from __future__ import annotations

from czex.compat import GENERATION

if GENERATION == "get":
    from czex.compat.steps.get import assembled, bytecode, parts
else:
    from czex.compat.steps.by_name import assembled, bytecode, parts

__all__ = ["assembled", "bytecode", "parts"]
