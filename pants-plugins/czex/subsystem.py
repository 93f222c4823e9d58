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
        How `czex_binary` targets are built.

        A CZEX is the Python app of a `pex_binary` with a native boot runtime: smaller, and faster to
        start.
        """
    )

    default_platforms = StrListOption(
        default=["linux-x86_64", "linux-aarch64", "macos-arm64", "macos-x86_64"],
        help=softwrap(
            """
            The platforms of a CZEX whose PEX has only pure-Python wheels, and whose target doesn't set
            `platforms`.

            A PEX with compiled wheels says itself where it can run: its CZEX gets the platforms of
            those wheels.
            """
        ),
    )
    runtime = EnumOption(
        default=RuntimeSource.PREBUILT,
        help=softwrap(
            """
            Where the boot runtimes come from. `prebuilt` takes the executables that the wheel of the
            backend carries. `build` compiles them from the source that the wheel carries as well; this
            downloads the Zig compiler (80 MB) and the source of libzstd. Both give the same bytes.

            Choose `build` to use nothing that was compiled elsewhere.
            """
        ),
    )
    compression_level = IntOption(
        default=9,
        help=softwrap(
            """
            The zstd level, from 1 to 22, of a CZEX whose target doesn't set `compression_level`.

            It costs time when a wheel is packed for the first time, and none when the CZEX starts. From
            level 9 to 19 a CZEX shrinks by about a tenth, and packing takes ten times as long.
            """
        ),
    )
    precompile = BoolOption(
        default=True,
        help=softwrap(
            """
            Put bytecode into a CZEX whose interpreter constraints allow a single version of CPython, such
            as `CPython==3.11.*`, or whose platforms all have it. It is for targets without `precompile`.

            Its first start on a machine then compiles nothing. The file grows by a tenth to a sixth.
            """
        ),
    )
    tailor = BoolOption(
        default=False,
        advanced=True,
        help=softwrap(
            """
            Let the `tailor` goal add a `czex_binary` for each `pex_binary` that none names yet, also for
            those that it adds itself.

            For `pex_binary(name="app", ...)` it adds `czex_binary(name="app-czex", pex_binary=":app")`.
            """
        ),
    )


def rules():
    return collect_rules()
