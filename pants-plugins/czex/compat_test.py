from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from czex import compat, register
from czex.compat import steps


def helpers(module: Path) -> dict[str, tuple[str, str]]:
    """Return name → parameters and return type of each helper."""
    tree = ast.parse(module.read_text())
    functions = [node for node in tree.body if isinstance(node, ast.AsyncFunctionDef)]
    return {
        function.name: (ast.dump(function.args), ast.dump(function.returns or ast.Pass()))
        for function in functions
    }


def imports(module: Path) -> dict[str, list[str]]:
    """Return module → names that are imported from it."""
    return {
        node.module or "": [alias.name for alias in node.names]
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.ImportFrom)
    }


@pytest.mark.parametrize("package", [compat, steps], ids=["pants", "steps"])
def test_both_generations_have_the_same_helpers(package: ModuleType) -> None:
    init = Path(package.__file__ or "")
    get, by_name = (helpers(init.with_name(f"{module}.py")) for module in ("get", "by_name"))
    assert get == by_name
    passed_on = imports(init)
    assert passed_on[f"{package.__name__}.get"] == passed_on[f"{package.__name__}.by_name"]
    assert set(get) <= set(passed_on[f"{package.__name__}.get"])


@pytest.mark.parametrize("by_name, generation", [("MagicMock()", "by_name"), ("None", "get")])
def test_rules_are_called_by_name_if_they_can_be_imported(by_name: str, generation: str) -> None:
    """Pants 2.28 to 2.31 have both ways. Since 2.30, Pants warns of `Get`."""
    lines = (
        "import sys",
        "from unittest.mock import MagicMock",
        f"sys.modules['czex.compat.by_name'] = {by_name}",
        "sys.modules['czex.compat.get'] = MagicMock()",
        "from czex.compat import GENERATION",
        "print(GENERATION)",
    )
    output = subprocess.check_output([sys.executable, "-c", "\n".join(lines)], text=True)
    assert output == f"{generation}\n"


def test_only_compat_calls_rules() -> None:
    for module in Path(register.__file__).parent.glob("*.py"):
        if not module.stem.endswith(("_test", "_for_tests")):
            names = imports(module).get("pants.engine.rules", [])
            assert set(names) <= {"collect_rules", "rule"}, module.name
