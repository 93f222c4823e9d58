"""The charts, by the names of their files."""

from __future__ import annotations

from pathlib import Path
from typing import Dict

from bench.report import apps_chart, cowsay_chart
from bench.report.find import Results


def charts(results: Results) -> Dict[str, str]:
    return {"apps.svg": apps_chart.svg(results), "benchmark.svg": cowsay_chart.svg(results)}


def write(directory: Path, results: Results) -> None:
    for name, chart in charts(results).items():
        (directory / name).write_text(chart)
