"""The goals for a CZEX, and whether the results meet them."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Callable, Dict, List, Optional

from bench.measure.change import STEPS
from bench.measure.compiling import COMPILING
from bench.measure.counts import MODULES
from bench.measure.dropped import DROPPED
from bench.measure.first_import import FIRST, SECOND
from bench.measure.install import COPY, RUNTIME
from bench.measure.setting import (
    CZEX,
    CZEX_BYTECODE,
    CZEX_SH,
    CZEX_SH_BYTECODE,
    EMPTY_SH,
    EMPTY_ZIP,
    PASS,
    PEX,
    VENV_SCRIPT,
)
from bench.measure.sizes import COMPRESSING, INJECT
from bench.measure.upgrade import NEW_VERSION, NEW_VERSION_BYTECODE
from bench.report.find import Results, of_app, pythons, ratio, timing

MIB = 2**20
KB = 1000
# The real apps of the goals.
EIGHT = ("ansible-core", "awscli", "black", "celery", "django", "fastapi", "pandas", "sqlfluff")


@dataclass(frozen=True)
class Goal:
    """A row of the table of goals, as text."""

    what: str
    bound: str
    measured: str
    verdict: str


# Tests check these goals.
ELSEWHERE = (Goal("a CZEX over 4 GB, an app of 200,000 files", "works", "", "checked by tests"),)


@dataclass(frozen=True)
class Aim:
    """A value that should be at most `bound`.

    :param value: Takes the value from the results for a version of Python; None if it was not measured.
    :param limit: Takes the lowest possible value from the results; None if it was not measured.
    """

    what: str
    bound: float
    value: Callable[[Results, str], Optional[float]]
    unit: str = "×"
    pythons: tuple[str, ...] = ()
    limit: Optional[Callable[[Results, str], Optional[float]]] = None


def goals(results: Results) -> List[Goal]:
    return [*(_goal(aim, results) for aim in _aims(results)), *ELSEWHERE]


def _goal(aim: Aim, results: Results) -> Goal:
    values: Dict[str, float] = {}
    limits: Dict[str, float] = {}
    for python in aim.pythons or pythons(results):
        value = aim.value(results, python)
        if value is not None:
            values[python] = value
            limit = aim.limit(results, python) if aim.limit else None
            if limit is not None:
                limits[python] = limit
    return Goal(
        aim.what,
        f"≤ {_number(aim.bound, aim.unit)}",
        ", ".join(_measured(aim, python, values, limits) for python in values),
        _verdict(aim, values, limits),
    )


def _verdict(aim: Aim, values: Dict[str, float], limits: Dict[str, float]) -> str:
    if not values:
        return "not measured"
    missed = [python for python, value in values.items() if value > aim.bound]
    if not missed:
        return "met"
    is_beyond = all(limits.get(python, 0) > aim.bound for python in missed)
    return "beyond the limit" if is_beyond else "not met"


def _measured(aim: Aim, python: str, values: Dict[str, float], limits: Dict[str, float]) -> str:
    beside = f"; limit {_number(limits[python], aim.unit)}" if python in limits else ""
    return f"{_number(values[python], aim.unit)} ({python}{beside})"


def _number(value: float, unit: str) -> str:
    if unit == "×":
        return f"{value:.2f} ×"
    if unit == "":
        return f"{value:.0f}"
    if unit == "s":
        return f"{value:.2f} s"
    return f"{value:.1f} {unit}"


def _aims(results: Results) -> List[Aim]:
    cpus = min([run["machine"]["cpus"] for run in results["runs"]])
    memory = 16 * (min(cpus, 16) + 1)
    return [
        *_aims_of_real_apps(),
        *(
            Aim("warm `python cowsay.czex`", bound, _warm(CZEX), "×", versions, _warm(EMPTY_ZIP))
            for bound, versions in ((1.08, ("3.11", "3.13")), (1.15, ("3.9",)))
        ),
        Aim("warm `./cowsay.czex`", 1, _warm(CZEX_SH), limit=_warm(EMPTY_SH)),
        Aim("warm `torch` against warm `cowsay`", 1.05, _torch_against_cowsay),
        Aim("cold `cowsay` against its warm start", 1.6, _cold(CZEX), limit=_warm_and_compiling),
        Aim("cold `cowsay` with bytecode packs against its warm start", 1.5, _cold(CZEX_BYTECODE)),
        Aim("new version of `web` against its warm start", 1.5, _upgrade(NEW_VERSION, CZEX)),
        Aim(
            "new version of `web` with bytecode packs against its warm start",
            1.5,
            _upgrade(NEW_VERSION_BYTECODE, CZEX_BYTECODE),
        ),
        *(
            Aim(f"unpacking `{app}` against `cp -r`, wall time", 1.25, _unpacking(app))
            for app in ("web", "torch")
        ),
        Aim("first `import pandas` with bytecode packs against the second", 1.15, _import),
        Aim("`cowsay.czex`, one platform", 114.5, _size("cowsay", "czex"), "KB"),
        Aim("`cowsay.czex`, four platforms", 260, _size("cowsay", "czex_four_platforms"), "KB"),
        Aim("`web.czex` against its PEX", 0.80, _size_ratio("web")),
        Aim("`torch.czex` against its PEX", 0.74, _size_ratio("torch")),
        *(
            Aim(
                f"`{app}.czex` with bytecode packs against its PEX",
                0.95,
                _size_ratio(app, "czex_with_bytecode"),
            )
            for app in ("awscli", "celery", "django", "sqlfluff")
        ),
        Aim("injection of `cowsay`", 0.12, _injection("cowsay", INJECT, "cpu"), "s"),
        *(
            Aim(
                name,
                goal,
                _injection(app, INJECT, measure),
                "s",
                limit=_injection(app, COMPRESSING, measure),
            )
            for name, goal, app, measure in (
                ("injection of `celery`", 0.4, "celery", "cpu"),
                ("injection of `awscli`, wall time", 1.2, "awscli", "wall"),
            )
        ),
        Aim("injection of `torch`, wall time", 9, _injection("torch", INJECT, "wall"), "s"),
        Aim(
            "`torch` after a change of one source line, without its PEX, wall time",
            1,
            _injection("torch", STEPS, "wall"),
            "s",
        ),
        *(
            Aim(f"memory while unpacking `{app}`", memory, _peak(app, "unpacking"), "MiB")
            for app in ("web", "torch")
        ),
        Aim("memory while injecting `torch`", 300, _peak("torch", "injecting"), "MiB"),
        Aim("modules that the warm path imports", 0, _modules, ""),
    ]


def _aims_of_real_apps() -> List[Aim]:
    aims = []
    for file, kind in (("python APP.czex", CZEX_BYTECODE), ("./APP.czex", CZEX_SH_BYTECODE)):
        warm = ("warm", "cpu", VENV_SCRIPT)
        dropped = (DROPPED, "wall", VENV_SCRIPT)
        aims += [
            Aim(f"warm `{file}` of eight apps, median", 0.85, _of_eight(median, kind, *warm)),
            Aim(f"warm `{file}` of eight apps, largest", 0.95, _of_eight(max, kind, *warm)),
            Aim(
                f"`{file}` of eight apps with a dropped page cache, median, wall time",
                0.7,
                _of_eight(median, kind, *dropped),
            ),
        ]
    what = "cold `python APP.czex` of eight apps against the warm PEX, largest, wall time"
    cold = _of_eight(max, CZEX_BYTECODE, "cold", "wall", PEX)
    return [*aims, Aim(what, 0.5, cold, limit=_warm_and_copying)]


Value = Callable[[Results, str], Optional[float]]


def _of_eight(
    choose: Callable[[List[float]], float], kind: str, state: str, clock: str, reference: str
) -> Value:
    """Choose one of the ratios of eight apps. If one was not measured, there is no value."""
    compared = "warm" if state == "cold" else state
    return lambda results, python: _chosen(
        choose,
        [
            ratio(
                timing(results, app, python, state, kind),
                timing(results, app, python, compared, reference),
                clock,
            )
            for app in EIGHT
        ],
    )


def _chosen(
    choose: Callable[[List[float]], float], ratios: List[Optional[float]]
) -> Optional[float]:
    found = [value for value in ratios if value is not None]
    return choose(found) if len(found) == len(ratios) else None


def _warm_and_copying(results: Results, python: str) -> Optional[float]:
    """Compare a warm start and a copy of the app's files with a warm start of the PEX. Return the largest ratio of eight apps."""
    ratios = []
    for app in EIGHT:
        pex = timing(results, app, python, "warm", PEX)
        parts = [
            ratio(timing(results, app, python, state, kind), pex, "wall")
            for state, kind in (("warm", CZEX_BYTECODE), ("install", COPY))
        ]
        ratios.append(_chosen(sum, parts))
    return _chosen(max, ratios)


def _warm(kind: str) -> Value:
    return lambda results, python: ratio(
        timing(results, "cowsay", python, "warm", kind),
        timing(results, "cowsay", python, "warm", VENV_SCRIPT),
        "cpu",
    )


def _torch_against_cowsay(results: Results, python: str) -> Optional[float]:
    """Compare the ratios to `python -c pass`, because the two apps may have been measured in two runs."""
    torch, cowsay = (
        ratio(
            timing(results, app, python, "warm", CZEX),
            timing(results, app, python, "warm", PASS),
            "cpu",
        )
        for app in ("torch", "cowsay")
    )
    return torch / cowsay if torch and cowsay else None


def _cold(kind: str) -> Value:
    return lambda results, python: ratio(
        timing(results, "cowsay", python, "cold", kind),
        timing(results, "cowsay", python, "warm", kind),
        "cpu",
    )


def _warm_and_compiling(results: Results, python: str) -> Optional[float]:
    """Add the time of compiling the cold path to that of a warm start."""
    warm, plain = (timing(results, "cowsay", python, "warm", kind) for kind in (CZEX, PASS))
    compiling = timing(results, "cowsay", python, "alone", COMPILING)
    if not (warm and plain and compiling):
        return None
    beyond: float = compiling["cpu"]["median"] - plain["cpu"]["median"]
    return 1 + beyond / float(warm["cpu"]["median"])


def _upgrade(new: str, warm: str) -> Value:
    return lambda results, python: ratio(
        timing(results, "web", python, "upgrade", new),
        timing(results, "web", python, "upgrade", warm),
        "cpu",
    )


def _unpacking(app: str) -> Value:
    return lambda results, python: ratio(
        timing(results, app, python, "install", RUNTIME),
        timing(results, app, python, "install", COPY),
        "wall",
    )


def _import(results: Results, python: str) -> Optional[float]:
    first, second = (
        timing(results, "web", python, state, CZEX_BYTECODE) for state in (FIRST, SECOND)
    )
    return ratio(first, second, "cpu")


def _size(app: str, name: str) -> Value:
    def value(results: Results, python: str) -> Optional[float]:
        row = of_app(results, "sizes", app, python)
        return row[name] / KB if row and row[name] else None

    return value


def _size_ratio(app: str, name: str = "czex") -> Value:
    def value(results: Results, python: str) -> Optional[float]:
        row = of_app(results, "sizes", app, python)
        return row[name] / row["pex"] if row else None

    return value


def _injection(app: str, kind: str, clock: str) -> Value:
    def value(results: Results, python: str) -> Optional[float]:
        row = timing(results, app, python, "injection", kind)
        return row[clock]["median"] if row else None

    return value


def _peak(app: str, name: str) -> Value:
    def value(results: Results, python: str) -> Optional[float]:
        row = of_app(results, "peaks", app, python)
        return row[name] / MIB if row and row[name] else None

    return value


def _modules(results: Results, python: str) -> Optional[float]:
    rows = [row for row in results["counts"] if row["what"] == MODULES and row["python"] == python]
    return max((row["value"] for row in rows), default=None)
