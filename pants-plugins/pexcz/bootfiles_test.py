"""An incomplete boot is an error that names the missing file."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from pexcz.bootfiles import boot_files
from pexcz.errors import PexczError
from testing.strangers import native_directory


@pytest.mark.parametrize("lost", ["header.sh", "boot", "boot/tools/__init__.py"])
def test_incomplete_boot_is_refused(tmp_path: Path, lost: str) -> None:
    boot = tmp_path / "boot"
    native = tmp_path / "native"
    native.mkdir()
    shutil.copytree(native_directory(native) / "boot", boot)
    found = boot_files(boot)
    if (boot / lost).is_dir():
        shutil.rmtree(boot / lost)
    else:
        (boot / lost).unlink()
    with pytest.raises(PexczError, match=re.escape(f"{boot / lost}")):
        boot_files(boot)
    assert lost in found or f"{lost}/start.py" in found
