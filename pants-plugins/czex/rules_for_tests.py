"""A `RuleRunner` for this backend, with the options that this repository needs."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any, Iterable, Mapping

from pants.backend.python import register as python_register
from pants.core import register as core_register
from pants.testutil.rule_runner import RuleRunner

from czex import register

CONSTRAINTS = "CPython>=3.9,<3.14"


def pex_cli() -> Path:
    """Return the script in this repository that replaces the Pex PEX."""
    here = Path(__file__).resolve()
    return next(
        script
        for root in here.parents
        for script in [root / "build-support" / "pex-cli" / "pex"]
        if script.is_file()
    )


def options() -> dict[str, Mapping[str, object]]:
    """Return the options by scope that every Pants needs if a test starts it."""
    script = pex_cli().read_bytes()
    known = f"{hashlib.sha256(script).hexdigest()}|{len(script)}"
    platforms = ("linux_arm64", "linux_x86_64", "macos_arm64", "macos_x86_64")
    return {
        "czex": {"runtime": "build"},
        "pex": {"executable_search_paths": ["/usr/local/bin", "/usr/bin", "/bin"]},
        "pex-cli": {
            "version": "v2.105.2",
            "url_template": f"file:{pex_cli()}",
            "known_versions": [f"v2.105.2|{platform}|{known}" for platform in platforms],
        },
        "python": {"interpreter_constraints": [CONSTRAINTS]},
        "python-bootstrap": {"search_path": [os.path.realpath(sys.executable)]},
    }


def flags(scopes: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Return options as arguments."""
    return [
        f"--{scope}-{name.replace('_', '-')}={value}"
        for scope, values in scopes.items()
        for name, value in values.items()
    ]


def runner(
    rules: Iterable[object] = (),
    constraints: str = CONSTRAINTS,
    backends: Iterable[Any] = (),
    **more: Mapping[str, object],
) -> RuleRunner:
    """Return a runner.

    :param constraints: The interpreter constraints of the repository.
    :param backends: The `register` modules of more backends, in addition to Python's and czex.
    :param more: Options by scope, with "_" instead of "-" in the scope.
    """
    modules = (core_register, python_register, register, *backends)
    rule_runner = RuleRunner(
        rules=[*(rule for module in modules for rule in module.rules()), *rules],
        target_types=[alias for module in modules for alias in module.target_types()],
    )
    arguments = flags(
        {
            **options(),
            "python": {"interpreter_constraints": [constraints]},
            **{scope.replace("_", "-"): values for scope, values in more.items()},
        }
    )
    rule_runner.set_options(arguments, env_inherit={"HOME", "PATH"})
    return rule_runner
