from pathlib import Path

import pytest

pytest.register_assert_rewrite("testing.pair", "testing.stage")


@pytest.fixture(scope="session")
def machine_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for tests that can share a machine and its caches."""
    return tmp_path_factory.mktemp("machine")
