"""Names and sizes for process descriptions and log lines."""

from __future__ import annotations

_UNITS = ("bytes", "KB", "MB", "GB", "TB")


def distribution(wheel: str) -> str:
    """Return the name and version of a wheel: "torch-2.13.0" for "torch-2.13.0-cp311-cp311-linux_x86_64.whl"."""
    return "-".join(wheel.split("-")[:2])


def size(size_bytes: int) -> str:
    """Format a size with three digits: "812 MB", "1.25 KB", "17 bytes"."""
    value, unit = float(size_bytes), _UNITS[0]
    for unit in _UNITS:
        if value < 999.5 or unit == _UNITS[-1]:
            break
        value /= 1000
    if unit == _UNITS[0] or value >= 99.95:
        return f"{value:.0f} {unit}"
    return f"{value:.1f} {unit}" if value >= 9.995 else f"{value:.2f} {unit}"


def sizes_side_by_side(czex_bytes: int, pex_bytes: int) -> str:
    assert czex_bytes > 0 and pex_bytes > 0
    return f"{size(czex_bytes)}, {czex_bytes / pex_bytes:.2f} of its PEX's {size(pex_bytes)}"
