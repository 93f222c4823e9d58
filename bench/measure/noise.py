"""The noise of the machine: its load, and the variation of equal starts."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any, Dict, List

from bench.measure.setting import PASS
from bench.measure.tidy import file_system


def machine(scratch: Path) -> Dict[str, Any]:
    return {
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "cpu": _cpu(),
        "cpus": len(os.sched_getaffinity(0)),
        "file_system": file_system(scratch),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown"


def load() -> List[float]:
    """Return the load averages of the last 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]


def variation(timings: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Return the distance between the quartiles of `python -c pass`, in percent of the median."""
    return [
        {
            "app": row["app"],
            "python": row["python"],
            "cpu": _percent(row["cpu"]),
            "wall": _percent(row["wall"]),
        }
        for row in timings
        if row["kind"] == PASS
    ]


def _percent(spread: Dict[str, float]) -> float:
    return round(100 * (spread["high"] - spread["low"]) / spread["median"], 1)
