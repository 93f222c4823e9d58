"""The end of a test if the machine lacks something that the test needs."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(thing: str) -> NoReturn:
    """Skip the test, and name the missing thing. In CI, fail the test instead."""
    message = f"This machine has no {thing}."
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
