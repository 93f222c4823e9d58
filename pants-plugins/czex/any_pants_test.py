"""Builds whose result may depend on the release of Pants. CZEX_TEST_PANTS is the command of another Pants."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from textwrap import dedent
from typing import Any, Iterator

import pytest

from czex.pex_binary_fields import FIELDS, WITHOUT_MEANING
from czex.repository_for_tests import Repository, Result

PYTHON = os.path.realpath(sys.executable)
FILES = {
    "app/main.py": "import sys\n\nimport cowsay\n\nfrom app.words import words\n\nprint(words(), *sys.argv[1:])\n",
    "app/words.py": "def words():\n    return 'Hello!'\n",
    "app/__init__.py": "",
    "app/cp39.json": json.dumps(
        {
            "compatible_tags": ["cp39-cp39-manylinux2014_x86_64", "py3-none-any"],
            "marker_environment": {
                "implementation_name": "cpython",
                "implementation_version": "3.9.18",
                "os_name": "posix",
                "platform_machine": "x86_64",
                "platform_python_implementation": "CPython",
                "platform_system": "Linux",
                "python_full_version": "3.9.18",
                "python_version": "3.9",
                "sys_platform": "linux",
            },
        }
    ),
}
BUILD = """\
python_sources(name="lib")
python_requirement(name="cowsay", requirements=["cowsay==5.0"])
file(name="cp39", source="cp39.json")
"""

Version = tuple[int, int]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    directory = tmp_path_factory.mktemp("any")
    repository = Repository.make(directory / "repository", directory / "store")
    repository.write({**FILES, "app/BUILD": BUILD})
    yield repository
    repository.stop()


@pytest.fixture(scope="module")
def version(repository: Repository) -> Version:
    result = repository.pants("--version")
    found = re.match(r"(\d+)\.(\d+)", result.stdout)
    assert found, result.log
    return int(found[1]), int(found[2])


def package(repository: Repository, name: str, fields: str) -> Result:
    """Package an app, `app:NAME-czex`, whose `pex_binary` has these fields and an entry point."""
    target = dedent(
        f"""\
        pex_binary(name="{name}", entry_point="main.py", {fields})
        czex_binary(name="{name}-czex", pex_binary=":{name}", platforms=["linux-x86_64"])
        """
    )
    repository.write({"app/BUILD": BUILD + target})
    return repository.package(f"app:{name}-czex")


def czex(repository: Repository, name: str) -> str:
    return str(repository.root / "dist" / "app" / f"{name}-czex.czex")


def said(repository: Repository, name: str) -> str:
    command = [PYTHON, czex(repository, name), "argument"]
    environment = {"PEXCZ_ROOT": str(repository.store.with_name("cache"))}
    return subprocess.check_output(command, env=environment, text=True)


def read(repository: Repository, name: str, path: str) -> Any:
    with zipfile.ZipFile(czex(repository, name)) as file:
        return json.loads(file.read(path))


def versions_with_bytecode(repository: Repository, name: str) -> set[str]:
    packs = read(repository, name, ".czex/manifest.json")["packs"]
    return {tag for pack in packs for tag in pack["bytecode"]}


def test_czex_is_built_and_runs_without_warnings_of_its_rules(repository: Repository) -> None:
    result = package(repository, "plain", "")
    assert "Hello! argument\n" == said(repository, "plain")
    assert "Get() is deprecated" not in result.log


def test_table_has_each_field_of_a_pex_binary(repository: Repository, version: Version) -> None:
    result = repository.pants("help-all")
    assert result.exit_code == 0, result.log
    fields = json.loads(result.stdout)["name_to_target_type_info"]["pex_binary"]["fields"]
    assert sorted(field["alias"] for field in fields) == sorted(
        alias for alias, field in FIELDS.items() if field.is_in(version)
    )


def test_ignored_fields_are_logged_in_one_line(repository: Repository, version: Version) -> None:
    fields = ['layout="loose"', 'output_path="app/there.pex"']
    expected = ["layout"]
    if version >= (2, 31):
        fields += ['scie="lazy"', 'scie_hash_alg="sha256"']
        expected += ["scie", "scie_hash_alg"]
    result = package(repository, "vain", ", ".join(fields))
    (line,) = re.findall(r".*CZEX .* ignores.*", result.log)
    told = re.findall(r"`(\w+)`", line.partition(", which its ")[0])
    assert sorted(told) == sorted(expected)
    assert set(told) <= set(WITHOUT_MEANING)
    assert "app:vain-czex" in line and "app:vain" in line
    assert "Hello! argument\n" == said(repository, "vain")


def test_entry_point_is_validated_with_wheels_and_sources(
    repository: Repository, version: Version
) -> None:
    if version < (2, 21):
        pytest.skip("before Pants 2.21 there are no extra_build_args")
    argument = 'extra_build_args=["--validate-entry-point"]'
    field = "validate_entry_point=True"
    package(repository, "valid", argument if version < (2, 33) else field)
    assert "Hello! argument\n" == said(repository, "valid")


def test_complete_platforms_of_one_python_give_bytecode_for_it(repository: Repository) -> None:
    package(repository, "complete", 'complete_platforms=[":cp39"]')
    assert versions_with_bytecode(repository, "complete") == {"cpython-39"}
    assert "Hello! argument\n" == said(repository, "complete")


def test_file_that_pex_writes_beside_the_pex_is_not_a_source(
    repository: Repository, version: Version
) -> None:
    if version < (2, 21):
        pytest.skip("before Pants 2.21 there are no extra_build_args")
    log = "app/a-log-of-what-pip-has-downloaded.txt"
    package(repository, "beside", f'extra_build_args=["--pip-log={log}"]')
    assert "Hello! argument\n" == said(repository, "beside")
    packs = read(repository, "beside", ".czex/manifest.json")["packs"]
    assert [pack["names"] for pack in packs if pack["kind"] == "sources"] == [["app"]]


def test_missing_pex_is_an_error_with_a_reason(repository: Repository, version: Version) -> None:
    if version < (2, 21):
        pytest.skip("before Pants 2.21 there are no extra_build_args")
    with pytest.raises(AssertionError) as error:
        package(repository, "left-out", """extra_build_args=["--output-file=other.pex"]""")
    assert "Pex has not written a packed PEX of the `pex_binary` target app:left-out" in str(
        error.value
    )


def test_pex_info_is_the_same_as_in_the_pex_except_for_hashes(repository: Repository) -> None:
    package(repository, "same", 'layout="packed"')
    repository.package("app:same")
    own = read(repository, "same", "PEX-INFO")
    info = json.loads((repository.root / "dist" / "app" / "same.pex" / "PEX-INFO").read_text())
    assert sorted(own.pop("distributions")) == sorted(info.pop("distributions"))
    assert own.pop("pex_hash") != info.pop("pex_hash")
    assert own == info


def test_constraints_of_the_repository_give_bytecode(repository: Repository) -> None:
    package(repository, "one", 'interpreter_constraints=["CPython==3.9.*"]')
    assert versions_with_bytecode(repository, "one") == {"cpython-39"}
