from __future__ import annotations

import pytest

from czex.tools import args_for_pex


@pytest.mark.parametrize("version", ["v2.3.0", "v2.105.2", "3.0"])
def test_a_pex_that_can_leaves_wheels_as_they_are(version: str) -> None:
    assert args_for_pex(version) == ("--no-pre-install-wheels",)


@pytest.mark.parametrize("version", ["v2.1.137", "v2.2.1"])
def test_an_older_pex_is_asked_for_nothing_new(version: str) -> None:
    assert args_for_pex(version) == ()
