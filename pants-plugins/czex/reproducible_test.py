"""The same CZEX from everywhere."""

from __future__ import annotations

import hashlib
from pathlib import Path

from czex.incremental_test import FILES
from czex.repository_for_tests import Repository


def test_two_clones_with_caches_of_their_own_build_the_same_bytes(tmp_path: Path) -> None:
    hashes = set()
    for name in ("one", "elsewhere/two"):
        clone = Repository.make(tmp_path / name / "clone", tmp_path / name / "store")
        clone.write({**FILES, "hello/requirements.txt": "cowsay==5.0\n"})
        clone.write(
            {
                "hello/BUILD": FILES["hello/BUILD"] + "python_requirements(name='reqs')\n",
                "hello/main.py": "import cowsay\n" + FILES["hello/main.py"],
            }
        )
        named_caches = f"--named-caches-dir={tmp_path / name / 'caches'}"
        result = clone.pants(named_caches, "--no-pantsd", "package", "hello:czex")
        assert result.exit_code == 0, result.log
        assert "Packing cowsay-5.0" in result.log
        assert "Building the czex runtime for linux-x86_64" in result.ran
        hashes.add(hashlib.sha256((clone.root / "dist/hello/czex.czex").read_bytes()).hexdigest())
    assert len(hashes) == 1
