"""The only place that knows how rules call the engine, which Pants 2.32 changed.

Up to 2.31 a rule asks for a type (`Get`, `MultiGet`); since 2.32 it calls another rule by its name. Both
generations read the source of a rule, and of every coroutine function that it awaits, to find out
what it asks for. So the helpers here have the same names and signatures in both, a rule awaits only
them, and this module picks the right ones. Such a helper must be imported before the rule that awaits
it is defined, and must not be passed around as a value.

`czex.compat` calls rules of Pants. `czex.compat.steps` calls those of this backend.
"""

from __future__ import annotations

try:
    from pants.engine.rules import MultiGet as _MultiGet  # noqa: F401
except ImportError:
    GENERATION = "by_name"
else:
    GENERATION = "get"

if GENERATION == "get":
    from czex.compat.get import (
        EnvironmentField,
        EnvironmentTarget,
        all_targets,
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
    from czex.compat.by_name import (
        EnvironmentField,
        EnvironmentTarget,
        all_targets,
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

__all__ = [
    "GENERATION",
    "EnvironmentField",
    "EnvironmentTarget",
    "all_targets",
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
