"""Which platforms and versions of Python a `czex_binary` gets, and what to say where that can't be."""

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
    """The target's own platforms, or () where it has none."""
    return _known(field.value or (), known, _of_target(field))


def chosen_platforms(
    field: CzexPlatformsField, known: Platforms, wheels: Sequence[str], defaults: Sequence[str]
) -> tuple[str, ...]:
    """The target's own platforms, else those of the compiled wheels, else the repository's.

    Warns of those for which the PEX lacks a wheel.
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
    """The warning of a default that needs an interpreter which isn't there."""
    return softwrap(
        f"""
        The `{ALIAS}` target {field.address} gets no bytecode: its PEX is for CPython {version}, and there is
        none here. Let `[python-bootstrap].search_path` lead to one, or write `{field.alias}=[]`.
        """
    )


def checked_versions(field: CzexPrecompileField, pex_info: bytes) -> tuple[str, ...] | None:
    """The versions that the target names itself, or None where it leaves them to its app's constraints.

    Those constraints must allow each of them. No start would read the bytecode of another, and it would be a part of the
    file all the same.
    """
    constraints = json.loads(pex_info).get("interpreter_constraints") or ()
    if field.value and constraints:
        others = [version for version in field.value if not _allow(constraints, version)]
        if others:
            raise InvalidFieldException(
                softwrap(
                    f"""
                    {_of_target(field)} names {', '.join(map(repr, others))}, which the interpreter constraints of its
                    app don't allow: {' or '.join(constraints)}. Leave it out, or change the
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
        # Pants has it so where none of the versions that it is given will do.
        return False


class NoInterpreterError(Exception):
    """There is none of a version that bytecode is wanted for."""


def no_interpreter(
    field: CzexPrecompileField, version: str, error: Exception
) -> NoInterpreterError:
    """What to raise where Pants can't find an interpreter to compile with; `error` is what Pants says of it."""
    origin = _of_target(field)
    return NoInterpreterError(
        f"There is no Python {version} to precompile with. {origin} names it. Let "
        f"`[python-bootstrap].search_path` lead to one, or write {field.alias}=[].\n\n{error}"
    )


def entry_point_lines(field: CzexPexBinaryField, pex_info: bytes) -> tuple[str, ...]:
    """What to say of an app that starts an interpreter and nothing else."""
    info = json.loads(pex_info)
    if info.get("entry_point") or info.get("script"):
        return ()
    (pex_binary,) = field.value or ()
    return (f"It has no entry point, as {pex_binary}, so it starts an interpreter.",)


def _of_target(field: CzexPlatformsField | CzexPrecompileField) -> str:
    return f"The `{field.alias}` field of the `{ALIAS}` target {field.address}"


def _cannot_start(origin: str, platform: str, wheels: Sequence[str]) -> str:
    return softwrap(
        f"""
        {origin} names {platform}, where the app can't start. Its PEX has these wheels, and none of the
        same distributions for {platform}:

        {bullet_list(sorted(wheels))}

        Add that platform to the `{PexCompletePlatformsField.alias}` of the `{PexBinary.alias}`, or write
        `{CzexPlatformsField.alias}` without it for the `{ALIAS}`.
        """
    )


def _known(platforms: Sequence[str], known: Platforms, origin: str) -> tuple[str, ...]:
    unknown = known.unknown(platforms)
    if unknown:
        raise InvalidFieldException(
            softwrap(
                f"""
                {origin} names {', '.join(map(repr, unknown))}, for which there is no runtime. Write
                some of {', '.join(known.ids)}.
                """
            )
        )
    return known.in_order(platforms)
