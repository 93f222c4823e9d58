"""Inputs that a fuzzer makes are read correctly, or refused with one message."""

from __future__ import annotations

import sys
from pathlib import Path

from support.pexcz import PACKAGES
from testing.fuzzing import fuzz
from testing.long_runs import counted

HERE = Path(__file__).parent
TOOL = HERE / "pexcz_targets.py"
BOOT = HERE / "boot_targets.py"

sys.path.insert(0, str(PACKAGES))


def test_any_pex_becomes_a_whole_czex_or_is_refused(tmp_path: Path) -> None:
    counted(fuzz(TOOL, "pex", tmp_path, 300), "inputs")


def test_any_czex_is_shown_and_verified_or_is_refused(tmp_path: Path) -> None:
    counted(fuzz(TOOL, "czex", tmp_path, 300), "inputs")


def test_versions_satisfy_the_same_specifiers_as_in_the_pex(tmp_path: Path) -> None:
    counted(fuzz(BOOT, "version", tmp_path, 5000), "inputs")


def test_markers_hold_as_in_the_pex(tmp_path: Path) -> None:
    counted(fuzz(BOOT, "marker", tmp_path, 1000), "inputs")


def test_any_other_app_on_pex_path_is_resolved_or_is_refused(tmp_path: Path) -> None:
    counted(fuzz(BOOT, "manifest", tmp_path, 1000), "inputs")


def test_any_settings_of_a_machine_are_read_or_are_refused(tmp_path: Path) -> None:
    counted(fuzz(BOOT, "settings", tmp_path, 2000), "inputs")
