"""Which platforms a `czex_binary` gets, and what to say where that can't be."""

from __future__ import annotations

import logging
from typing import Sequence

from pants.backend.python.target_types import PexBinary, PexCompletePlatformsField
from pants.engine.target import InvalidFieldException
from pants.util.strutil import bullet_list, softwrap

from czex.platforms import Platforms
from czex.target_types import ALIAS, CzexPlatformsField

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


def _of_target(field: CzexPlatformsField) -> str:
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
