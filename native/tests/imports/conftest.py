"""The app of these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.crowd import make_crowd
from support.workshop import Workshop


@pytest.fixture(scope="session")
def crowd(workshop: Workshop) -> Path:
    return make_crowd(workshop)
