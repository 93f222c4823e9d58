"""Fuzz targets for the untrusted files that `pexcz` reads (see `testing/fuzzing.py`).

Each target makes a valid file, changes it in a few places that the fuzzer chooses, and gives it to the tool. The tool must
succeed with a correct result, or raise one error with a message.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sys
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, Dict, List, Tuple

import atheris

with atheris.instrument_imports(include=["pexcz", "zipfile"]):
    from fuzzing.values import Chooser, dumps

    from pexcz import paths, verify
    from pexcz.assemble import SEAL, WAY_IN
    from pexcz.czexfile import read_czex
    from pexcz.errors import PexczError
    from pexcz.inject import inject
    from pexcz.pack import parse_pack
    from pexcz.pexfile import LAYOUTS, MANIFEST, PACKED, PEX_INFO, ZIPAPP
    from pexcz.report import console, show
    from pexcz.seal import listed, parse_listed

NATIVE = Path(__file__).resolve().parents[2]
WHEEL = "a_b-1.0-py3-none-any.whl"
INFO: Dict[str, Any] = {
    "bind_resource_paths": {},
    "build_properties": {"pex_version": "2"},
    "code_hash": "0",
    "deps_are_wheel_files": False,
    "distributions": {WHEEL: "0"},
    "entry_point": "app:main",
    "excluded": ["c<2"],
    "ignore_errors": False,
    "includes_tools": True,
    "inherit_path": "false",
    "inject_args": ["x"],
    "inject_env": {"A": "b"},
    "inject_python_args": ["-u"],
    "interpreter_constraints": ["CPython>=2.7", "==3.8.*"],
    "interpreter_selection_strategy": "oldest",
    "overridden": ["d=e>1"],
    "pex_hash": "0",
    "pex_path": "",
    "pex_paths": [],
    "pex_root": "~/pex",
    "requirements": ["a-b[x]>=1; python_version > '3'"],
    "script": "",
    "venv": False,
    "venv_bin_path": "false",
    "venv_site_packages_copies": False,
}
METADATA = """Metadata-Version: 2.1
Name: a.b
Version: 1.0
Requires-Python: >=3.6,!=3.7.*
Requires-Dist: c (>=1.0) ; extra == 'x' and (os_name != "nt" or python_version in '3.8')
Requires-Dist: d[y]~=1.1; platform_machine === "x"
Provides-Extra: x
"""
CONTENTS = {
    "a_b/__init__.py": "x = 1\n",
    "a_b-1.0.dist-info/METADATA": METADATA,
    "a_b-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "a_b-1.0.dist-info/entry_points.txt": "[console_scripts]\nrun = a_b:main [x]\n[other]\nx=y\n",
    "x.pth": "import x\n",
}
AS_FILE = {
    **CONTENTS,
    "a_b-1.0.data/scripts/go": "#!/usr/bin/python3 -u\nimport a_b\n",
    "a_b-1.0.data/headers/a.h": "int a;\n",
    "a_b-1.0.data/data/share/x": "x",
    "a_b-1.0.data/purelib/p.py": "",
}
AS_CHROOT = {
    **CONTENTS,
    ".layout.json": json.dumps({"stash_dir": ".prefix", "sys_path_entries": []}),
    ".prefix/bin/go": "#!/usr/bin/env python\nimport a_b\n",
    ".prefix/include/site/python3.9/a/a.h": "int a;\n",
    ".prefix/data/share/x": "x",
}
SOURCES = {
    "app.py": "def main(): pass\n",
    "__main__.py": "",
    ".bootstrap/pex.py": "",
    "empty/": "",
    "lib.so": "\x7fELF $ORIGIN/../x\0",
}
NAMES = [*AS_FILE, *AS_CHROOT, *SOURCES, "PEX-INFO", f".deps/{WHEEL}", "a_b", "A_B/__init__.py"]
WORDS = [">=", "==1.*", "; extra == 'x'", "'\\x'", "[x]", "@ file:", "-", ".", "\n", "\t", "(", ","]
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


class Archive:
    """The entries of a zip file that isn't written yet."""

    def __init__(self, files: Dict[str, str]) -> None:
        self.files = {name: text.encode("latin-1") for name, text in files.items()}
        self._more: List[Tuple[str, bytes]] = []
        self._mode = 0o100644
        self._method = zipfile.ZIP_STORED
        self._shebang = b"#!/usr/bin/env python3.9\n"

    def change(self, choose: Chooser) -> None:
        kind = choose.number(7)
        name = choose.one_of(sorted(self.files) or [""])
        if kind < 3 and name:
            text = self.files[name].decode("latin-1")
            words = choose.one_of((text.split(), text.splitlines(), WORDS))
            self.files[name] = choose.changed_text(text).encode("utf-8", "surrogatepass")
            if words and choose.number(1):
                text = text.replace(choose.one_of(words), choose.text(WORDS))
                self.files[name] = text.encode("utf-8", "surrogatepass")
        elif kind == 3:
            self._more.append((choose.text(NAMES), choose.some_bytes(20)))
        elif kind == 4:
            self.files.pop(name, None)
        elif kind == 5:
            self._mode = choose.one_of((0o120777, 0o100755, 0, 0o040755))
        elif kind == 6:
            self._method = choose.one_of(METHODS)
        else:
            self._shebang = b"#!" + choose.text(["python", "'", " "]).encode("utf-8", "replace")

    def content(self, choose: Chooser) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, content in [*self.files.items(), *self._more]:
                info = zipfile.ZipInfo()
                # The constructor of ZipInfo would cut the name at a NUL.
                info.filename = name.encode("utf-8", "replace").decode()
                info.external_attr = self._mode << 16
                info.compress_type = self._method
                archive.writestr(info, content)
        found = self._shebang + stream.getvalue()
        for _ in range(choose.number(3)):
            found = self._damaged(found, choose)
        return found

    def write_into(self, directory: Path) -> None:
        """Write the entries as files. An entry whose name can't be a path in the directory is left out."""
        for name, content in [*self.files.items(), *self._more]:
            path = Path(os.path.normpath(directory / name))
            if directory in path.parents:
                with suppress(OSError, ValueError):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)

    @staticmethod
    def _damaged(content: bytes, choose: Chooser) -> bytes:
        """Change some bytes, most often of a header: a change elsewhere would only fail its checksum."""
        place = content.find(choose.one_of((b"PK\1\2", b"PK\3\4", b"PK\5\6")), choose.number(4000))
        place = max(place, 0) + choose.number(46)
        return content[:place] + choose.some_bytes(8) + content[place + choose.number(8) :]


def native_directory(scratch: Path) -> Path:
    """Copy the files of the boot that the tool itself reads. Compressing the others takes longer than all else."""
    native = scratch / "native"
    for path in (*(NATIVE / "boot").glob("*.*"), NATIVE / "boot" / "__pex__" / "__init__.py"):
        target = native / path.relative_to(NATIVE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    for name in (
        "boot/boot/__init__.py",
        "boot/boot/tools/__init__.py",
        "runtime/linux-x86_64/pexcz",
    ):
        (native / name).parent.mkdir(parents=True)
        (native / name).write_text("x = 1\n")
    shutil.copy(NATIVE / "platforms.json", native)
    return native


class Workshop:
    """The directory that the targets read from and write to."""

    def __init__(self, scratch: Path) -> None:
        self._native = native_directory(scratch)
        self._place = scratch / "place" / "in" / "here"
        self._place.mkdir(parents=True)
        self._outside = scratch / "place"
        self._pex = self._place / "app.pex"
        self._output = self._place / "app.czex"

    def pex(self, data: bytes) -> None:
        """Check that an untrusted PEX becomes a complete CZEX, or is refused."""
        choose = Chooser(data)
        self.write_pex(choose)
        layout = choose.one_of(LAYOUTS)
        sh_boot = not choose.number(1)
        platforms = ["linux-x86_64"]
        try:
            inject(self._pex, self._output, self._native, platforms, 1, sh_boot, (), layout)
            verify.check(read_czex(self._output))
            self._check_packs()
        except PexczError as e:
            assert str(e)
        self._clean()

    def write_pex(self, choose: Chooser) -> None:
        info: Any = INFO
        wheel = Archive(choose.one_of((AS_FILE, AS_CHROOT)))
        pex = Archive(SOURCES)
        for _ in range(choose.number(4)):
            what = choose.number(3)
            if what < 2:
                wheel.change(choose)
            elif what == 2:
                info = choose.changed(info, [WHEEL, *WORDS])
            else:
                pex.change(choose)
        pex_info = dumps(info)
        if choose.number(9) == 9:
            pex_info = choose.changed_bytes(pex_info)
        pex.files["PEX-INFO"] = pex_info
        layout = choose.number(4)
        if layout == 4:
            wheel.write_into(self._pex / ".deps" / WHEEL)
        else:
            pex.files[f".deps/{WHEEL}"] = wheel.content(choose)
        if layout > 2:
            pex.write_into(self._pex)
        else:
            self._pex.write_bytes(pex.content(choose))

    def _check_packs(self) -> None:
        """Assert that the paths of each pack follow docs/format.md."""
        czex = read_czex(self._output)
        for record in czex.manifest["packs"]:
            file, offset = czex.place(record)
            with open(file, "rb") as stream:
                stream.seek(offset)
                info = parse_pack(stream, record["size"], str(file), record["sha256"], 0)
            names = [name for name, _, _ in info.files]
            assert names == sorted(set(names), key=paths.sort_key), names
            above = {str(parent) for name in names for parent in PurePosixPath(name).parents}
            assert not above.intersection(names), names

    def _clean(self) -> None:
        """Remove the expected files, and assert that there are no others."""
        assert self._pex.exists()
        for made in (self._output, self._pex):
            if made.is_dir():
                shutil.rmtree(made)
            else:
                made.unlink(missing_ok=True)
        found = [path for path in self._outside.rglob("*") if not path.is_dir()]
        assert found == [], found


class Czexes:
    """CZEX files of both layouts with a changed manifest, PEX-INFO or seal; a cache, and a file beside it."""

    def __init__(self, scratch: Path) -> None:
        Workshop(scratch).write_pex(Chooser(b""))
        place = scratch / "place" / "in" / "here"
        self._file, self._directory = place / "app.czex", place / "directory"
        self._precious = scratch / "place" / "precious" / "file"
        self._precious.parent.mkdir()
        self._root = scratch / "place" / "cache"
        for layout, output in ((ZIPAPP, self._file), (PACKED, self._directory)):
            native = scratch / "native"
            inject(place / "app.pex", output, native, ["linux-x86_64"], 1, layout=layout)
        with zipfile.ZipFile(self._file) as archive:
            self._entries = {info.filename: archive.read(info) for info in archive.infolist()}
            self._prefix = self._file.read_bytes()[: archive.infolist()[0].header_offset]
        self._manifests = [read_czex(path).manifest for path in (self._file, self._directory)]
        self._digests = parse_listed((self._directory / SEAL).read_bytes(), WAY_IN)

    def czex(self, data: bytes) -> None:
        """Check that an untrusted CZEX is shown and verified, or refused, and that files outside of the cache stay."""
        choose = Chooser(data)
        is_directory = choose.number(1)
        manifest = self._manifests[is_directory]
        info: Any = INFO
        for _ in range(choose.number(3)):
            if choose.number(3):
                manifest = choose.changed(manifest, WORDS)
            else:
                info = choose.changed(info, WORDS)
        texts = {MANIFEST: dumps(manifest), PEX_INFO: dumps(info)}
        if choose.number(7) == 7:
            name = choose.one_of(sorted(texts))
            texts[name] = choose.changed_bytes(texts[name])
        self._precious.touch()
        for record in self._manifests[0]["packs"]:
            for name in ("wheels", "sources"):
                (self._root / name / record["fingerprint"]).mkdir(parents=True, exist_ok=True)
        try:
            path = self._write_directory(texts, choose) if is_directory else self._write_file(texts)
            czex = read_czex(path)
            show(czex, console(io.TextIOWrapper(io.BytesIO(), "utf-8")))
            verify.check(czex)
            verify.repair(czex, self._root)
        except PexczError as e:
            assert str(e)
        assert self._precious.is_file()

    def _write_file(self, texts: Dict[str, bytes]) -> Path:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, content in {**self._entries, **texts}.items():
                archive.writestr(zipfile.ZipInfo(name), content)
        self._file.write_bytes(self._prefix + stream.getvalue())
        return self._file

    def _write_directory(self, texts: Dict[str, bytes], choose: Chooser) -> Path:
        digests = dict(self._digests)
        for name, text in texts.items():
            (self._directory / name).write_bytes(text)
            digests[name] = hashlib.sha256(text).hexdigest()
        seal = listed(digests)
        if choose.number(3) == 3:
            seal = choose.changed_bytes(seal)
        (self._directory / SEAL).write_bytes(seal)
        return self._directory


def main() -> None:
    scratch, target = Path(sys.argv[1]), sys.argv[2]
    tempfile.tempdir = str(scratch)
    # The real function would look at every process of the machine.
    verify.in_use = lambda environments: set()
    one_input = Workshop(scratch).pex if target == "pex" else Czexes(scratch).czex
    atheris.Setup([sys.argv[0], *sys.argv[3:]], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
