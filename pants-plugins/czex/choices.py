"""Choose the platforms and the Python versions of a `czex_binary`, and report choices that are impossible."""

from __future__ import annotations

import json
import logging
from typing import Sequence

from pants.backend.python.target_types import (
    InterpreterConstraintsField,
    PexBinary,
    PexCompletePlatformsField,
)
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.engine.target import InvalidFieldException
from pants.util.strutil import bullet_list, softwrap

from czex.assets import Platforms
from czex.target_types import ALIAS, CzexPexBinaryField, CzexPlatformsField, CzexPrecompileField

logger = logging.getLogger(__name__)


def checked_platforms(field: CzexPlatformsField, known: Platforms) -> tuple[str, ...]:
    """Return the platforms that the target itself sets."""
    return _known(field.value or (), known, _of_target(field))


def chosen_platforms(
    field: CzexPlatformsField, known: Platforms, wheels: Sequence[str], defaults: Sequence[str]
) -> tuple[str, ...]:
    """Return the platforms that the target sets, else those of the compiled wheels, else `defaults`.

    Log a warning for each platform for which the PEX lacks a wheel.
    """
    origin = _of_target(field)
    platforms = checked_platforms(field, known) or known.of_wheels(wheels)
    if not platforms:
        origin = f"`[czex].default_platforms`, for the `{ALIAS}` target {field.address},"
        platforms = _known(defaults, known, origin)
    for platform in platforms:
        unfit = known.unfit(platform, wheels)
        if unfit:
            logger.warning(_cannot_start(origin, platform, unfit))
    return platforms


def no_bytecode(field: CzexPrecompileField, version: str) -> str:
    """Return the warning that the interpreter for the default bytecode is missing."""
    return softwrap(
        f"""
        The `{ALIAS}` target {field.address} gets no bytecode: its PEX is for CPython {version}, which was not
        found. Add one to `[python-bootstrap].search_path`, or write `{field.alias}=[]`.
        """
    )


def checked_versions(field: CzexPrecompileField, pex_info: bytes) -> tuple[str, ...] | None:
    """Return the versions that the target itself names, or None if it leaves them to the default.

    The interpreter constraints of the app must allow each of them: a start would never read other bytecode.
    """
    constraints = json.loads(pex_info).get("interpreter_constraints") or ()
    if field.value and constraints:
        others = [version for version in field.value if not _allow(constraints, version)]
        if others:
            raise InvalidFieldException(
                softwrap(
                    f"""
                    {_of_target(field)} names {', '.join(map(repr, others))}, which the interpreter constraints of its
                    app don't allow: {' or '.join(constraints)}. Remove it, or change the
                    `{InterpreterConstraintsField.alias}` of the app's targets.
                    """
                )
            )
    return field.value


def _allow(constraints: Sequence[str], version: str) -> bool:
    of_cpython = InterpreterConstraints(text for text in constraints if not text.startswith("PyPy"))
    try:
        return bool(of_cpython and of_cpython.partition_into_major_minor_versions([version]))
    except ValueError:
        # Pants raises ValueError if the constraints allow no version of the list.
        return False


class NoInterpreterError(Exception):
    """An interpreter to compile bytecode with is missing."""


def no_interpreter(
    field: CzexPrecompileField, version: str, error: Exception
) -> NoInterpreterError:
    """Return the error that an interpreter to compile with is missing; `error` is Pants' own error."""
    origin = _of_target(field)
    return NoInterpreterError(
        f"{origin} names Python {version}, which was not found. Add one to "
        f"`[python-bootstrap].search_path`, or write {field.alias}=[].\n\n{error}"
    )


def entry_point_lines(field: CzexPexBinaryField, pex_info: bytes) -> tuple[str, ...]:
    """Return a log line for an app that only starts an interpreter."""
    info = json.loads(pex_info)
    if info.get("entry_point") or info.get("script"):
        return ()
    (pex_binary,) = field.value or ()
    return (f"It starts an interpreter, because {pex_binary} has no entry point.",)


def _of_target(field: CzexPlatformsField | CzexPrecompileField) -> str:
    return f"The `{field.alias}` field of the `{ALIAS}` target {field.address}"


def _cannot_start(origin: str, platform: str, wheels: Sequence[str]) -> str:
    return softwrap(
        f"""
        {origin} names {platform}, where the app can't start. Its PEX has these wheels, but no wheel of
        these projects for {platform}:

        {bullet_list(sorted(wheels))}

        Add that platform to the `{PexCompletePlatformsField.alias}` of the `{PexBinary.alias}`, or remove it
        from the `{CzexPlatformsField.alias}` of the `{ALIAS}`.
        """
    )


def _known(platforms: Sequence[str], known: Platforms, origin: str) -> tuple[str, ...]:
    unknown = known.unknown(platforms)
    if unknown:
        raise InvalidFieldException(
            softwrap(
                f"""
                {origin} names {', '.join(map(repr, unknown))}, for which there is no runtime. Use
                some of {', '.join(known.ids)}.
                """
            )
        )
    return known.in_order(platforms)
