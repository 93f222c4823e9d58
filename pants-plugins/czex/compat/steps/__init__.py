"""Calls to rules of this backend: see `czex.compat`."""

from __future__ import annotations

from czex.compat import GENERATION

if GENERATION == "get":
    from czex.compat.steps.get import assembled, built_pex, bytecode, parts
else:
    from czex.compat.steps.by_name import assembled, built_pex, bytecode, parts

__all__ = ["assembled", "built_pex", "bytecode", "parts"]
