from __future__ import annotations

import pytest

from czex.naming import distribution, size, sizes_side_by_side


def test_a_distribution_is_a_name_and_a_version() -> None:
    assert distribution("torch-2.13.0-cp311-cp311-linux_x86_64.whl") == "torch-2.13.0"


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.00 KB"),
        (9_994, "9.99 KB"),
        (9_996, "10.0 KB"),
        (157_300, "157 KB"),
        (999_600, "1.00 MB"),
        (812_000_000, "812 MB"),
        (12_345_678_901, "12.3 GB"),
    ],
)
def test_a_size_has_three_digits(size_bytes: int, text: str) -> None:
    assert size(size_bytes) == text


def test_ratio_is_beside_the_sizes() -> None:
    assert sizes_side_by_side(250_000, 1_000_000) == "250 KB, 0.25 of its PEX's 1.00 MB"
