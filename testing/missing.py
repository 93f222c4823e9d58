"""What a test does where the machine lacks something that it needs."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip the test, and say for want of what; in CI, where nothing may be missing, fail it."""
    message = f"This machine has no {what}."
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
