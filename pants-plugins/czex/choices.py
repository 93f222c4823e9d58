"""Which platforms a `czex_binary` gets, and what to say where that can't be."""

from __future__ import annotations

from typing import Iterable, Sequence

from pants.engine.target import InvalidFieldException
from pants.util.strutil import softwrap

from czex.platforms import Platforms
from czex.target_types import ALIAS, CzexPlatformsField


def checked_platforms(field: CzexPlatformsField, known: Platforms) -> tuple[str, ...]:
    """The target's own platforms, or () where it has none."""
    origin = f"The `{field.alias}` field of the `{ALIAS}` target {field.address}"
    return _known(field.value or (), known, origin)


def chosen_platforms(
    field: CzexPlatformsField, known: Platforms, wheels: Iterable[str], defaults: Sequence[str]
) -> tuple[str, ...]:
    """The target's own platforms, else those of the compiled wheels, else the repository's."""
    origin = f"`[czex].default_platforms`, for the `{ALIAS}` target {field.address},"
    return (
        checked_platforms(field, known)
        or known.of_wheels(wheels)
        or _known(defaults, known, origin)
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
