"""The needed modules of a wheel are those that are imported with its packages and its commands."""

from __future__ import annotations

from typing import Sequence

import pytest

from pexcz.needed import needed


def names(texts: dict[str, str], entry_points: Sequence[str] = ()) -> list[str]:
    return sorted(needed(texts, entry_points))


def test_modules_that_a_package_imports_are_needed() -> None:
    texts = {
        "a/__init__.py": "from .b import c\nfrom . import d\nimport a.e.f as f, os\n",
        "a/b.py": "from a import (  # a comment\n    g,\n    h,\n)\n",
        "a/c.py": "",
        "a/d.py": "try:\n    from ..other import x\nexcept ImportError:\n    pass\n",
        "a/e/__init__.py": "",
        "a/e/f.py": "class F:\n    from .i import j\n",
        "a/e/i.py": "from .. import *\n",
        "a/g.py": "",
        "a/h/__init__.py": "",
        "other.py": "",
    }
    assert names(texts) == sorted(set(texts) - {"a/c.py"})


def test_packages_in_a_namespace_are_needed() -> None:
    texts = {"a/b/__init__.py": "from a.b import c", "a/b/c.py": "", "a/b/d.py": ""}
    assert names(texts) == ["a/b/__init__.py", "a/b/c.py"]


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    import a.b\n",
        "class A:\n    async def f(\n        self,\n    ):\n        if x:\n            from . import b\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .b import c\n",
        "import typing as t\nif t.TYPE_CHECKING: from .b import c\n",
        "# import a.b\nx = 'import a.b'\n",
        "import abc\nfrom .bc import d\nfrom ... import b\n",
    ],
)
def test_other_imports_are_not_needed(text: str) -> None:
    texts = {"a/__init__.py": "from . import c", "a/b.py": "", "a/c.py": text}
    assert names(texts) == ["a/__init__.py", "a/c.py"]


def test_modules_that_a_package_shows_to_type_checkers_are_needed() -> None:
    text = (
        "if TYPE_CHECKING:\n    from .b import c\n\ndef __getattr__(name):\n    from . import d\n"
    )
    texts = {"a/__init__.py": text, "a/b.py": "", "a/c.py": "", "a/d.py": ""}
    assert names(texts) == ["a/__init__.py", "a/b.py"]


def test_a_function_ends_with_its_indentation() -> None:
    texts = {
        "a/__init__.py": "def f(\n    x\n):\n    import a.b\n\nif True:\n    from . import c\n",
        "a/b.py": "",
        "a/c.py": "",
    }
    assert names(texts) == ["a/__init__.py", "a/c.py"]


def test_functions_of_a_command_are_searched() -> None:
    texts = {
        "a/__init__.py": "",
        "a/__main__.py": "def main():\n    from a.b import main\n",
        "a/b.py": "def main():\n    import a.d\n",
        "a/c.py": "def main():\n    from . import e\n",
        "a/d.py": "",
        "a/e.py": "",
    }
    assert names(texts, ["a.c:main"]) == [
        "a/__init__.py",
        "a/__main__.py",
        "a/b.py",
        "a/c.py",
        "a/e.py",
    ]
    assert names(texts, ["no.such.module"]) == names(texts)
