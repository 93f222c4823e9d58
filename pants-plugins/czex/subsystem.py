"""Options of the backend: `[czex]`."""

from __future__ import annotations

from pants.engine.rules import collect_rules
from pants.option.option_types import BoolOption, EnumOption, IntOption, StrListOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import help_text, softwrap

from czex.runtime import RuntimeSource


class Czex(Subsystem):
    options_scope = "czex"
    help = help_text(
        """
        Options for building `czex_binary` targets.

        A CZEX is the Python app of a `pex_binary` with a native boot runtime. It is smaller than the PEX and
        starts faster.
        """
    )

    default_platforms = StrListOption(
        default=["linux-x86_64", "linux-aarch64", "macos-arm64", "macos-x86_64"],
        help=softwrap(
            """
            The platforms of a CZEX if its target doesn't set `platforms` and its PEX has only pure-Python
            wheels.

            If the PEX has compiled wheels, the default is the platforms of these wheels.
            """
        ),
    )
    runtime = EnumOption(
        default=RuntimeSource.PREBUILT,
        help=softwrap(
            """
            The origin of the boot runtimes. `prebuilt` uses the executables in the backend's wheel.
            `build` compiles them from the source in that wheel: this downloads the Zig compiler (80 MB)
            and the source of libzstd. Both give the same bytes.

            Use `build` to run only code that you have compiled yourself.
            """
        ),
    )
    compression_level = IntOption(
        default=9,
        help=softwrap(
            """
            The zstd level, from 1 to 22, for targets that don't set `compression_level`.

            A higher level takes more time when a wheel is packed for the first time, but not when the CZEX
            starts. With level 19 instead of 9, a CZEX is about a tenth smaller, and packing takes ten times as
            long.
            """
        ),
    )
    precompile = BoolOption(
        default=True,
        help=softwrap(
            """
            Add bytecode to each CZEX that is for a single version of CPython, unless its target sets
            `precompile`. An app is for a single version if all of its `complete_platforms` have that version, or,
            without `complete_platforms`, if its interpreter constraints allow only that version, such as
            `CPython==3.11.*`.

            With bytecode, the first start on a machine compiles hardly anything. The CZEX becomes larger: by a
            sixth if it is mostly native code, and by a quarter to three quarters if it is mostly Python.
            """
        ),
    )
    tailor = BoolOption(
        default=False,
        advanced=True,
        help=softwrap(
            """
            Let the `tailor` goal add a `czex_binary` for each `pex_binary` that has no `czex_binary` yet. This
            includes each `pex_binary` that `tailor` itself adds.

            For `pex_binary(name="app", ...)`, `tailor` adds
            `czex_binary(name="app-czex", pex_binary=":app")`.
            """
        ),
    )


def rules():
    return collect_rules()
