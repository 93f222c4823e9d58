"""The platforms of the runtimes, and the platforms that an app's wheels can run on.

A platform's name is an OS and an architecture, such as "linux-x86_64". `native/platforms.json` lists all platforms. For each,
it has regular expressions for the platform tags (PEP 425) of the wheels that run there.

This module imports only the standard library, because the backend uses it without the rest of pexcz.
"""

from __future__ import annotations

import json
import re
from typing import Dict, Iterable, List, NamedTuple, Sequence, Tuple

# Other names for an architecture.
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64", "armv7l": "armv7", "x64": "x86_64"}


def normalised(platform: str) -> str:
    """Return the name of a platform for another name of it, such as linux-arm64. Return unknown names unchanged."""
    system, _, architecture = platform.partition("-")
    architecture = ARCHITECTURES.get(architecture, architecture)
    if architecture == "aarch64" and system in ("macos", "windows"):
        architecture = "arm64"
    return f"{system}-{architecture}" if architecture else platform


class Platforms(NamedTuple):
    """All platforms, in the order of `platforms.json`."""

    wheel_platforms: Tuple[Tuple[str, Tuple[str, ...]], ...]

    @classmethod
    def parse(cls, content: bytes) -> Platforms:
        return cls(
            tuple(
                (platform, tuple(facts["wheel_platforms"]))
                for platform, facts in json.loads(content).items()
            )
        )

    @property
    def ids(self) -> Tuple[str, ...]:
        return tuple(platform for platform, _ in self.wheel_platforms)

    def unknown(self, platforms: Iterable[str]) -> Tuple[str, ...]:
        return tuple(platform for platform in platforms if normalised(platform) not in self.ids)

    def in_order(self, platforms: Iterable[str]) -> Tuple[str, ...]:
        """Return each of these platforms once, by its own name, in the order of `platforms.json`."""
        wanted = frozenset(map(normalised, platforms))
        return tuple(platform for platform in self.ids if platform in wanted)

    def of_wheel(self, wheel: str) -> Tuple[str, ...]:
        """Return the platforms that a wheel was compiled for: an empty tuple if it is pure Python."""
        return tuple(
            platform
            for platform, patterns in self.wheel_platforms
            if any(
                re.fullmatch(pattern, tag) for pattern in patterns for tag in platform_tags(wheel)
            )
        )

    def of_wheels(self, wheels: Sequence[str]) -> Tuple[str, ...]:
        """Return the platforms that a PEX of these wheels can run on: an empty tuple if all are pure Python."""
        compiled_for = {platform for wheel in wheels for platform in self.of_wheel(wheel)}
        return tuple(
            platform for platform in self.in_order(compiled_for) if not self.unfit(platform, wheels)
        )

    def unfit(self, platform: str, wheels: Iterable[str]) -> Tuple[str, ...]:
        """Return the wheels of the distributions that lack a wheel for this platform.

        If any wheel is for this platform only, the PEX was resolved for it. Distributions without a wheel are then excluded
        there by markers, so the app doesn't need them, and the result is empty.
        """
        by_distribution: Dict[str, List[str]] = {}
        for wheel in wheels:
            by_distribution.setdefault(wheel.split("-")[0].lower(), []).append(wheel)
            if self.of_wheel(wheel) == (platform,):
                return ()
        return tuple(
            wheel
            for those in by_distribution.values()
            if not any(
                platform in self.of_wheel(wheel) or not platform_tags(wheel) for wheel in those
            )
            for wheel in those
        )


def platform_tags(wheel: str) -> Tuple[str, ...]:
    """Return the platform tags in a wheel's file name, without "any".

    The last component of "{name}-{version}(-{build})?-{python}-{abi}-{platform}.whl" is a set of them,
    joined by dots (PEP 425).
    """
    stem = wheel[: -len(".whl")] if wheel.endswith(".whl") else wheel
    return tuple(tag for tag in stem.rsplit("-", 1)[-1].split(".") if tag != "any")
