"""Hide the two ways in which rules call other rules in different releases of Pants.

In older releases, a rule requests a type (`Get`, `MultiGet`). Since Pants 2.28, a rule can call all rules that are needed here
by name. Since 2.30, Pants warns of the old way at each start, and since 2.32 it has only the new one. So this module uses the new
way if it can be imported.

Both generations of Pants parse the source of a rule, and of every coroutine function that it awaits, to find its requests. The
helpers here have the same names and signatures in both generations, and rules await only these helpers. A helper must be
imported before the rule that awaits it is defined, and must not be passed as a value.

`czex.compat` calls rules of Pants. `czex.compat.steps` calls rules of this backend.
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
