"""The child processes of an app behave in a CZEX as in its PEX."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.pair import Pair
from testing.stage import Stage

AS_A_MODULE = {"PEX_MODULE": "offspring.main"}
BY_MULTIPROCESSING = ("fork", "spawn", "forkserver", "executor-spawn", "executor-forkserver")
EVERY_KIND = (*BY_MULTIPROCESSING, "loky")

in_both_modes = pytest.mark.parametrize("mode", ["zipapp", "venv"])


@in_both_modes
def test_the_children_of_multiprocessing_do_their_work(mode: str, machine_root: Path) -> None:
    stage = Stage(machine_root, Pair.of("children", mode))
    outcome = stage.assert_same(BY_MULTIPROCESSING)
    assert outcome.stdout.splitlines()[1] == "spawn [0, 3, 12, 27] True"
    assert len(outcome.stdout.splitlines()) == len(BY_MULTIPROCESSING)
    assert outcome.code == 0


@in_both_modes
@pytest.mark.parametrize("variables", [{}, AS_A_MODULE], ids=["function", "module"])
def test_every_kind_of_child_works_as_in_a_venv(
    mode: str, variables: dict[str, str], machine_root: Path
) -> None:
    """The PEX runs in venv mode: in zipapp mode, joblib can't start children, and children don't know the main module."""
    pair = Pair(Pair.of("children", "venv").pex, Pair.of("children", mode).czex)
    outcome = Stage(machine_root, pair, variables).assert_same(EVERY_KIND)
    assert outcome.stdout.splitlines()[-1] == "loky [0, 1, 4, 9] True"
    assert outcome.code == 0


@in_both_modes
@pytest.mark.parametrize("start", ["exec", "exec-python", "call", "call-python"])
def test_app_can_start_itself_again(mode: str, start: str, machine_root: Path) -> None:
    stage = Stage(machine_root, Pair.of("children", mode))
    outcome = stage.assert_same([start])
    assert (outcome.stdout, outcome.code) == ("good-bye ['for ever']\n", 7)
