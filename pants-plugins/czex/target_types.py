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
    """One address, as a string. The alias of the field is also the alias of the target at that address."""

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
                but was {raw_value!r}. Write {cls.alias}=":app". Add a target for each further address.
                """
            )
        )


class CzexPexBinaryField(_OneAddressField):
    alias = "pex_binary"
    help = help_text(
        f"""
        The address of the `pex_binary` to package, for example `":app"` or `"src/python/app:bin"`.

        The `pex_binary` describes the app: its entry point, dependencies, interpreters and execution
        mode. The CZEX has all of these. The CZEX ignores
        {", ".join(f"`{alias}`" for alias in WITHOUT_MEANING if not alias.startswith("scie_"))} and the fields
        that begin with `scie_`; the build logs the ones that are set. The `output_path` of the
        `pex_binary` applies to the PEX only.

        Wheels are resolved and bytecode is compiled in the `environment` of the `pex_binary`. All other
        steps run in the `environment` of the `czex_binary`.
        """
    )


class CzexPlatformsField(StringSequenceField, AsyncFieldMixin):
    alias = "platforms"
    help = help_text(
        """
        The platforms that the CZEX has a boot runtime for, for example
        `["linux-x86_64", "macos-arm64"]`. Each adds about 40 KB.

        By default these are the platforms of the compiled wheels in the PEX. These wheels depend on the
        `complete_platforms` of the `pex_binary`, or on the machine that builds the PEX. If all wheels are pure
        Python, the default is `[czex].default_platforms`. The build warns of a platform for which the PEX
        lacks a wheel.

        The platforms are linux-x86_64, linux-aarch64, linux-armv7, linux-ppc64le, linux-s390x, linux-riscv64,
        macos-arm64, macos-x86_64, windows-x86_64 and windows-arm64. Any machine can build for all of them.
        Other names of an architecture are accepted, such as amd64 for x86_64.
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
                    was {value}. Write {cls.alias}=9, or remove the field to use
                    `[czex].compression_level`.
                    """
                )
            )
        return value


class CzexPrecompileField(StringSequenceField, AsyncFieldMixin):
    alias = "precompile"
    help = help_text(
        """
        The versions of CPython that the CZEX has bytecode for, for example `["3.11"]`. `[]` means no
        bytecode.

        With bytecode, the first start on a machine compiles hardly anything. It is several times faster if the
        app imports many modules. The CZEX becomes larger: by a sixth if it is mostly native code, and by a
        quarter to three quarters if it is mostly Python.

        The app's own modules have bytecode, and so have all modules of a wheel that is mostly data or native
        code. Any other wheel has bytecode for the modules that are imported with its packages or its commands.
        All other modules are compiled when they are first imported.

        By default, an app for a single version of CPython gets bytecode for that version. If the `pex_binary` has
        `complete_platforms`, the version is the one that all of them have; otherwise it is the one that
        the interpreter constraints allow. An app for several versions gets no bytecode. The option
        `[czex].precompile` turns this default off.

        The build compiles with an interpreter of each version, which the interpreter constraints of the app must
        allow. If there is no such interpreter, the build fails for a version that is named here, and warns for the
        default.
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
        Begin the CZEX with a POSIX shell header, so that `./app.czex` starts the app's own Python
        directly. The header does not affect `python app.czex`.

        Use `False` for machines without a shell: the CZEX then begins with the shebang of its PEX.
        """
    )


class CzexLayoutField(StringField):
    alias = "layout"
    default = ZIPAPP
    valid_choices = LAYOUTS
    value: str
    help = help_text(
        """
        The form of the CZEX: `"zipapp"`, the default, is one file. `"packed"` is a directory, in which each
        wheel is a file that is named after its content.

        Use `layout="packed"` for tools that copy or store single files, such as rsync, image layers or a
        content-addressed store. After a change they copy only the files that have changed. A directory
        starts by `python app.czex` or `app.czex/pex`.

        The `layout` of the `pex_binary` is not used.
        """
    )


# The fields that `czex_binaries` copies to each target that it generates.
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
        A CZEX: a Python app as one executable file, or a directory, with a native boot runtime.

        It is made from a `pex_binary` and behaves like its PEX, but is smaller and starts faster.

            pex_binary(name="app", entry_point="main.py")

            czex_binary(name="czex", pex_binary=":app")

        `pants package` writes it and `pants run` runs it. Other targets can depend on it as on a
        `pex_binary`.
        """
    )


class CzexPexBinariesField(_OneAddressField):
    alias = "pex_binaries"
    help = help_text(
        """
        The address of a `pex_binaries`, for example `":apps"`. A `czex_binary` is generated for each
        `pex_binary` of it.
        """
    )


class CzexBinariesOverridesField(OverridesField):
    help = help_text(
        """
        Fields of single generated targets. Each key is the name of a `pex_binary` that the `pex_binaries`
        generates: its entry point, with "-" for ":".

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

        generates `:czexes#serve.py` and `:czexes#work.py-main`. Fields of a `czex_binary` can be set here, too:
        they apply to each generated target.
        """
    )
