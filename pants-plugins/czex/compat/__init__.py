"""The only place that knows how rules call the engine, which Pants has changed.

At first a rule asked for a type (`Get`, `MultiGet`). Since Pants 2.28 it can call every rule that is needed here by
its name. Since 2.30 Pants warns of the old way at each start, and since 2.32 it has only the new one, so the new one
is taken wherever it can be imported.

Both generations read the source of a rule, and of every coroutine function that it awaits, to find out what it
asks for. So the helpers here have the same names and signatures in both, a rule awaits only them, and this module
picks the right ones. Such a helper must be imported before the rule that awaits it is defined, and must not be
passed around as a value.

`czex.compat` calls rules of Pants. `czex.compat.steps` calls those of this backend.
"""

from __future__ import annotations

try:
    from czex.compat.by_name import (
        EnvironmentField,
        EnvironmentTarget,
        all_targets,
        constraints_for,
        contents_of,
        digest_of,
        entries_at,
        entries_of,
        environment_of,
        interpreter_for,
        merged,
        packed_pexes,
        pex_request,
        python_targets_to_add,
        ran,
        targets_at,
        venv_pex,
    )
except ImportError:
    GENERATION = "get"
    from czex.compat.get import (
        EnvironmentField,
        EnvironmentTarget,
        all_targets,
        constraints_for,
        contents_of,
        digest_of,
        entries_at,
        entries_of,
        environment_of,
        interpreter_for,
        merged,
        packed_pexes,
        pex_request,
        python_targets_to_add,
        ran,
        targets_at,
        venv_pex,
    )
else:
    GENERATION = "by_name"

__all__ = [
    "GENERATION",
    "EnvironmentField",
    "EnvironmentTarget",
    "all_targets",
    "constraints_for",
    "contents_of",
    "digest_of",
    "entries_at",
    "entries_of",
    "environment_of",
    "interpreter_for",
    "merged",
    "packed_pexes",
    "pex_request",
    "python_targets_to_add",
    "ran",
    "targets_at",
    "venv_pex",
]
