"""PEXes that were made by hand, and not by Pex: `pexcz` must not trust them."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any, Dict

NATIVE = Path(__file__).resolve().parents[1] / "native"
WHEEL = "foo-1.0-py3-none-any.whl"
DIST_INFO = "foo-1.0.dist-info/"
METADATA = DIST_INFO + "METADATA"
DATA = "foo-1.0.data/"
GOOD = {
    METADATA: "Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n",
    DIST_INFO + "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "foo.py": "",
}


class Stranger:
    """The parts of a PEX. A test can replace each part."""

    def __init__(self, info: Any = None, files: Any = None, wheel: Any = None) -> None:
        facts = {"distributions": {WHEEL: ""}, "deps_are_wheel_files": True}
        self.info = (
            info if isinstance(info, (bytes, str)) else json.dumps({**facts, **(info or {})})
        )
        self.files: Dict[str, Any] = {"app.py": "print(1)\n", **(files or {})}
        self.wheel: Dict[str, Any] = {**GOOD, **(wheel or {})}

    def write(self, path: Path, layout: str) -> None:
        files = {"PEX-INFO": self.info, f".deps/{WHEEL}": zipped(self.wheel), **self.files}
        if layout == "zipapp":
            path.write_bytes(zipped(files))
            return
        if layout == "loose":
            del files[f".deps/{WHEEL}"]
            files.update({f".deps/{WHEEL}/{name}": text for name, text in self.wheel.items()})
        for name, content in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(encoded(content))


def encoded(content: Any) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def zipped(files: Dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def native_directory(root: Path) -> Path:
    """Make a directory for the option `--native`. Its runtimes are files that contain only their names."""
    (root / "boot").symlink_to(NATIVE / "boot")
    platforms = NATIVE / "platforms.json"
    (root / "platforms.json").symlink_to(platforms)
    for name, facts in json.loads(platforms.read_text()).items():
        path = root / "runtime" / name / facts["executable"]
        path.parent.mkdir(parents=True)
        path.write_text(name)
    return root
