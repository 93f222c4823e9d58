import pytest

pytest.register_assert_rewrite("testprojects.parity")
