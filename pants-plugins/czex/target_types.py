"""The `czex_binary` target."""

from __future__ import annotations

import re
from typing import Iterable, Optional, Tuple

from pants.core.goals.package import OutputPathField
from pants.core.goals.run import RestartableField
from pants.engine.addresses import Address
from pants.engine.target import (
    COMMON_TARGET_FIELDS,
    AsyncFieldMixin,
    BoolField,
    IntField,
    InvalidFieldException,
    OverridesField,
    SpecialCasedDependencies,
    StringField,
    StringSequenceField,
    Target,
    TargetGenerator,
)
from pants.util.strutil import help_text, softwrap

from czex.compat import EnvironmentField
from czex.pex_binary_fields import WITHOUT_MEANING

ALIAS = "czex_binary"
ZIPAPP, PACKED = LAYOUTS = ("zipapp", "packed")
VERSION = re.compile(r"3\.([7-9]|[1-9]\d+)$")


class _OneAddressField(SpecialCasedDependencies):
    """One address, as a string. The field's alias is what it must be the address of."""

    required = True

    @classmethod
    def compute_value(  # type: ignore[override]
        cls, raw_value: Optional[str], address: Address
    ) -> Optional[Tuple[str, ...]]:
        if raw_value is None or isinstance(raw_value, str):
            addresses: Optional[Iterable[str]] = raw_value and (raw_value,)
            return super().compute_value(addresses or None, address)
        raise InvalidFieldException(
            softwrap(
                f"""
                The `{cls.alias}` field in target {address} must be the address of one `{cls.alias}`,
                but was {raw_value!r}. Write {cls.alias}=":app" for a single one, and another target for
                each further one.
                """
            )
        )


class CzexPexBinaryField(_OneAddressField):
    alias = "pex_binary"
    help = help_text(
        f"""
        The address of the `pex_binary` to package, for example `":app"` or `"src/python/app:bin"`.

        Everything about the app is said there: its entry point, its dependencies, the interpreters it
        supports, whether it runs as a venv. The CZEX keeps all of it. These fields have no meaning for
        the CZEX: {", ".join(f"`{alias}`" for alias in WITHOUT_MEANING if not alias.startswith("scie_"))}
        and all that begin with `scie_`. The build says in its log which of them are set. Its
        `output_path` is for the PEX alone.

        Its `environment` is where wheels are resolved and bytecode is compiled. All else is done in the
        `environment` of the `czex_binary`.
        """
    )


class CzexPlatformsField(StringSequenceField, AsyncFieldMixin):
    alias = "platforms"
    help = help_text(
        """
        The platforms to put a boot runtime in for, for example `["linux-x86_64", "macos-arm64"]`. Each
        adds about 40 KB.

        By default these are the platforms of the compiled wheels in the PEX, which depend on its
        `complete_platforms` or on the machine that builds it. A PEX with nothing but pure-Python wheels
        gets `[czex].default_platforms`. For a platform that the PEX lacks a wheel for there is a warning.

        There are linux-x86_64, linux-aarch64, linux-armv7, linux-ppc64le, linux-s390x, linux-riscv64,
        macos-arm64, macos-x86_64, windows-x86_64 and windows-arm64. All of them are built on any machine.
        Other names for an architecture, such as amd64 and arm64, stand for the same.
        """
    )


class CzexCompressionLevelField(IntField):
    alias = "compression_level"
    help = help_text(
        """
        The zstd level, from 1 (fast to build) to 22 (small). By default `[czex].compression_level`.
        """
    )

    @classmethod
    def compute_value(cls, raw_value: Optional[int], address: Address) -> Optional[int]:
        value = super().compute_value(raw_value, address)
        if value is not None and not 1 <= value <= 22:
            raise InvalidFieldException(
                softwrap(
                    f"""
                    The `{cls.alias}` field in target {address} must be a zstd level from 1 to 22, but
                    was {value}. Write {cls.alias}=9, or leave it out for the default of the
                    repository.
                    """
                )
            )
        return value


class CzexPrecompileField(StringSequenceField, AsyncFieldMixin):
    alias = "precompile"
    help = help_text(
        """
        The versions of CPython to put bytecode in for, for example `["3.11"]`. The first start on a
        machine then compiles nothing, which makes it several times faster for an app that imports much;
        the file grows by a tenth to a sixth. `[]` is for none.

        By default it is the version that the app's interpreter constraints allow, or that all of its
        `complete_platforms` have, if that is one alone; see `[czex].precompile`. An interpreter of each
        version must be there when the app is built, and the constraints must allow it. Without an interpreter
        for the default, the build warns.
        """
    )

    @classmethod
    def compute_value(
        cls, raw_value: Optional[Iterable[str]], address: Address
    ) -> Optional[Tuple[str, ...]]:
        value = super().compute_value(raw_value, address)
        wrong = [version for version in value or () if not VERSION.match(version)]
        if wrong:
            raise InvalidFieldException(
                softwrap(
                    f"""
                    The `{cls.alias}` field in target {address} must list versions of CPython from 3.7 on,
                    such as "3.11", but has {', '.join(map(repr, wrong))}.
                    """
                )
            )
        return value


class CzexShBootField(BoolField):
    alias = "sh_boot"
    default = True
    help = help_text(
        """
        Begin the CZEX with a header in POSIX shell, so that `./app.czex` starts the app's own Python
        directly. `python app.czex` is the same with it and without it.

        Set it to `False` where no shell is: the CZEX then begins with the shebang of its PEX.
        """
    )


class CzexLayoutField(StringField):
    alias = "layout"
    default = ZIPAPP
    valid_choices = LAYOUTS
    value: str
    help = help_text(
        """
        What the CZEX is: with `"zipapp"`, the default, one file; with `"packed"` a directory, in which each
        wheel is a file that is named after its content.

        A directory is for what moves or stores files one by one, such as rsync, the layers of an image or
        a content-addressed store: after a change, only what has changed is moved. It starts as the file
        does, by `python app.czex` or `app.czex/pex`.

        For example `layout="packed"`. The `layout` of the `pex_binary` is not used.
        """
    )


# Those that `czex_binaries` hands on to each target that it generates.
_COMMON_FIELDS = (
    CzexPlatformsField,
    CzexCompressionLevelField,
    CzexPrecompileField,
    CzexShBootField,
    CzexLayoutField,
    OutputPathField,
    RestartableField,
    EnvironmentField,
)


class CzexBinaryTarget(Target):
    alias = ALIAS
    core_fields = (*COMMON_TARGET_FIELDS, CzexPexBinaryField, *_COMMON_FIELDS)
    help = help_text(
        """
        A Python app as one executable file, or a directory, with a native boot runtime: a CZEX.

        It is made from a `pex_binary` and behaves as the PEX does, but is smaller and starts faster.

            pex_binary(name="app", entry_point="main.py")

            czex_binary(name="czex", pex_binary=":app")

        `pants package` writes it, `pants run` runs it, and other targets can depend on it as they do on
        a `pex_binary`.
        """
    )


class CzexPexBinariesField(_OneAddressField):
    alias = "pex_binaries"
    help = help_text(
        """
        The address of a `pex_binaries`, for example `":apps"`. Each of its targets gets a `czex_binary`.
        """
    )


class CzexBinariesOverridesField(OverridesField):
    help = help_text(
        """
        Fields of single targets, by the names that `pex_binaries` gives to its own. Such a name is the entry
        point, with "-" for ":".

        For example `overrides={"main.py": {"precompile": ["3.11"]}}`.
        """
    )


class CzexBinariesGeneratorTarget(TargetGenerator):
    alias = f"{ALIAS[:-1]}ies"
    generated_target_cls = CzexBinaryTarget
    core_fields = (*COMMON_TARGET_FIELDS, CzexPexBinariesField, CzexBinariesOverridesField)
    copied_fields = COMMON_TARGET_FIELDS
    moved_fields = _COMMON_FIELDS
    help = help_text(
        """
        Generate a `czex_binary` for each `pex_binary` of a `pex_binaries`.

            pex_binaries(name="apps", entry_points=["serve.py", "work.py:main"])

            czex_binaries(name="czexes", pex_binaries=":apps")

        gives `:czexes#serve.py` and `:czexes#work.py-main`. The fields of a `czex_binary` may stand here, too. They
        count for each of these.
        """
    )
