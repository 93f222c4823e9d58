"""A pack of bytecode has the files that an interpreter would cache, and names the pack that it belongs to."""

from __future__ import annotations

import io
import marshal
import sys
from pathlib import Path
from types import CodeType

import pytest

from pexcz import bytecode, pack
from pexcz.assemble import match
from pexcz.bootfiles import BootCode
from pexcz.cli import main
from pexcz.errors import BadPackError
from pexcz.packwriter import write_pack

BOOT = Path(__file__).resolve().parents[2] / "native" / "boot"
TAG = sys.implementation.cache_tag
VERSION = "{}{}".format(*sys.version_info)


def write(path: Path, files: dict[str, str], **meta: object) -> Path:
    """Write a pack with these files: of a wheel if `tags` is given, or else of sources."""
    meta = {"kind": "wheel" if "tags" in meta else "sources", **meta}
    contents = {name: content.encode() for name, content in files.items()}
    entries = [
        pack.Entry(name, len(content), 0, lambda content=content: iter([content]))  # type: ignore[misc]
        for name, content in contents.items()
    ]
    with open(path, "wb") as stream:
        write_pack(stream, meta, entries, 3, 1)
    return path


def compiled(path: Path) -> tuple[pack.PackInfo, dict[str, bytes]]:
    output = path.with_suffix(".bytecode")
    command = ["compile", str(path), "--python", sys.executable, "--output", str(output)]
    assert main(command) == 0
    info = pack.read_pack_info(output)
    return info, dict(pack.contents(output, info))


def test_each_module_has_its_bytecode(tmp_path: Path) -> None:
    files = {"lib/a/b.py": "X = 1\n", "lib/c.py": "", "lib/d.txt": "", "scripts/e.py": ""}
    source = write(tmp_path / "x.pack", files)
    info, contents = compiled(source)
    of = pack.read_pack_info(source).fingerprint
    assert info.meta == {"kind": "bytecode", "of": of, "python": TAG}
    assert list(contents) == [f"lib/__pycache__/c.{TAG}.pyc", f"lib/a/__pycache__/b.{TAG}.pyc"]
    # An unchecked hash (PEP 552), and the path that the module is imported from.
    content = contents[f"lib/a/__pycache__/b.{TAG}.pyc"]
    assert content[4:8] == b"\1\0\0\0"
    code = marshal.loads(content[16:])
    assert isinstance(code, CodeType) and code.co_filename == "a/b.py"


def test_module_that_does_not_compile_gets_no_bytecode(tmp_path: Path) -> None:
    files = {"lib/a.py": "import {{ x }}\n", "lib/b.py": "\0", "lib/c.py": "x = " + "(" * 5000}
    assert compiled(write(tmp_path / "x.pack", files))[1] == {}


def test_tests_of_a_package_get_no_bytecode(tmp_path: Path) -> None:
    files = {
        "lib/a/tests/b.py": "",
        "lib/test/c.py": "",
        "lib/a/testing/d.py": "",
        "lib/test.py": "",
    }
    assert list(compiled(write(tmp_path / "x.pack", files))[1]) == [
        f"lib/__pycache__/test.{TAG}.pyc",
        f"lib/a/testing/__pycache__/d.{TAG}.pyc",
    ]


def test_bytecode_of_the_wheel_itself_is_kept(tmp_path: Path) -> None:
    files = {"lib/a.py": "", f"lib/__pycache__/a.{TAG}.pyc": "its own", "lib/b.py": ""}
    assert list(compiled(write(tmp_path / "x.pack", files))[1]) == [f"lib/__pycache__/b.{TAG}.pyc"]


@pytest.mark.parametrize(
    "tag, fits",
    [
        ("py3-none-any", True),
        (f"cp{VERSION}-cp{VERSION}-linux_x86_64", True),
        (f"cp{VERSION}-cp{VERSION}-win32", True),
        ("cp36-abi3-macosx_11_0_arm64", True),
        (f"cp{VERSION}-none-any", True),
        ("cp36-cp36m-linux_x86_64", False),
        ("cp399-abi3-linux_x86_64", False),
        ("py2-none-any", False),
    ],
)
def test_a_wheel_for_another_python_is_not_compiled(tmp_path: Path, tag: str, fits: bool) -> None:
    contents = compiled(write(tmp_path / "x.pack", {"lib/a.py": ""}, tags=[tag]))[1]
    assert bool(contents) == fits


def test_number_of_processes_does_not_affect_bytecode(tmp_path: Path) -> None:
    text = "def f(x):\n    return x in {'a', 'b', 'c', 1.5, None}\n" * 2000
    source = write(tmp_path / "x.pack", {f"lib/m{n}.py": text for n in range(25)})
    packs = []
    for threads in (1, 3):
        stream = io.BytesIO()
        bytecode.compile_pack(source, sys.executable, stream, 3, threads)
        packs.append(stream.getvalue())
    assert packs[0] == packs[1]


def test_the_boot_is_compiled(tmp_path: Path) -> None:
    output = tmp_path / "boot"
    command = ["compile-boot", str(BOOT), "--python", sys.executable, "--output", str(output)]
    assert main(command) == 0
    code = BootCode.load(output.read_bytes())
    assert code.tag == TAG
    carried = marshal.loads(code.content)
    assert sorted(carried["code"]) == sorted(bytecode.BOOT_MODULES)
    assert sorted(carried["sources"]) == sorted(bytecode.BOOT_TEXTS)


@pytest.mark.parametrize("python", ["no-such-python", "/", "false", "true"])
def test_command_that_is_not_python_is_named(
    tmp_path: Path, python: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "boot"
    assert main(["compile-boot", str(BOOT), "--python", python, "--output", str(output)]) == 1
    message = capsys.readouterr().err
    assert message.startswith(f"pexcz: can't compile with {python}: ") and message.count("\n") == 1
    assert not output.exists()


def test_bytecode_without_its_pack_or_given_twice_is_refused() -> None:
    def info(fingerprint: str, **meta: str) -> pack.PackInfo:
        return pack.PackInfo(meta, fingerprint, 0, 1, 0, (), ())

    a, b = info("a" * 64), info("b" * 64)
    of_b = info("c" * 64, of="b" * 40, python="cpython-39")
    assert match([of_b], [a, b]) == [(1, "cpython-39")]
    with pytest.raises(BadPackError, match="for cpython-39 of the pack b+: that pack is not given"):
        match([of_b], [a])
    with pytest.raises(BadPackError, match="it is given twice"):
        match([of_b, of_b], [b])


def test_wheel_of_modules_has_bytecode_of_the_needed_ones(tmp_path: Path) -> None:
    files = {
        "lib/a/__init__.py": "from . import b\n",
        "lib/a/b.py": "",
        "lib/a/c.py": "import a.d\n",
        "lib/a/d.py": "",
        "lib/a/e.py": "",
    }
    points = {"console_scripts": {"c": "a.c:main"}}
    source = write(tmp_path / "x.pack", files, tags=["py3-none-any"], entry_points=points)
    assert [name.split("/")[-1].split(".")[0] for name in compiled(source)[1]] == [
        "__init__",
        "b",
        "c",
        "d",
    ]


def test_wheel_of_data_has_bytecode_of_all_modules(tmp_path: Path) -> None:
    modules = {"lib/a/__init__.py": "", "lib/a/b.py": "X = 1\n"}
    for size, count in ((len("X = 1\n") * 3, 2), (1, 1)):
        files = {**modules, "lib/a/data": "x" * size}
        source = write(tmp_path / "x.pack", files, tags=["py3-none-any"])
        assert len(compiled(source)[1]) == count
