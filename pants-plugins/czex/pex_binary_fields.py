"""The effect of each field of a `pex_binary` on a CZEX. The help, the log and the docs use this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

from pants.engine.target import Target

# The kinds of fields.
COUNTS = "counts"  # The field has the same effect on the CZEX as on the PEX.
OWN = "own"  # The field applies to the PEX only; the `czex_binary` has a field of the same name.
NOTHING = "nothing"  # The field has no effect on the CZEX.

# The first release of Pants that the backend works with, and one later than all releases.
FIRST, LAST = (2, 17), (9, 99)


@dataclass(frozen=True)
class PexBinaryField:
    """A field, the release of Pants that added it, and the release that removed it."""

    kind: str
    meaning: str
    since: tuple[int, int] = FIRST
    until: tuple[int, int] = LAST

    def is_in(self, pants: tuple[int, int]) -> bool:
        return self.since <= pants < self.until


def _scie(meaning: str = "as `scie`") -> PexBinaryField:
    return PexBinaryField(NOTHING, meaning, since=(2, 31))


FIELDS: Mapping[str, PexBinaryField] = {
    "args": PexBinaryField(COUNTS, "the app gets them before the arguments of its command line"),
    "check": PexBinaryField(
        NOTHING,
        "it checks whether Python can read the zip file of the PEX, which is not built for a CZEX",
        since=(2, 20),
    ),
    "complete_platforms": PexBinaryField(
        COUNTS,
        "the platforms that wheels are resolved for, and the CPython of the bytecode if all have the same",
    ),
    "compress": PexBinaryField(
        NOTHING, "a CZEX is always compressed, at its `compression_level`", since=(2, 32)
    ),
    "dependencies": PexBinaryField(COUNTS, "the sources and requirements of the app"),
    "description": PexBinaryField(OWN, "text for readers of the BUILD file"),
    "emit_warnings": PexBinaryField(COUNTS, "whether a start may print warnings"),
    "entry_point": PexBinaryField(COUNTS, "the function or module that a start calls"),
    "env": PexBinaryField(COUNTS, "the environment variables that a start sets"),
    "environment": PexBinaryField(
        COUNTS,
        "where wheels are resolved and bytecode is compiled; other steps run in that of the `czex_binary`",
    ),
    "executable": PexBinaryField(COUNTS, "the file that a start runs", since=(2, 20)),
    "execution_mode": PexBinaryField(
        COUNTS, "a CZEX follows Pex's differences between the two modes"
    ),
    "extra_build_args": PexBinaryField(
        COUNTS,
        "arguments for Pex; arguments for the form of the PEX, or for a scie, have no effect",
        since=(2, 21),
    ),
    "ignore_errors": PexBinaryField(
        COUNTS, "whether the app starts without a wheel that it requires"
    ),
    "include_requirements": PexBinaryField(COUNTS, "whether the app contains its wheels"),
    "include_sources": PexBinaryField(COUNTS, "whether the app contains its sources"),
    "include_tools": PexBinaryField(COUNTS, "whether `PEX_TOOLS=1` works"),
    "inherit_path": PexBinaryField(
        COUNTS, "whether the app can import packages of its interpreter"
    ),
    "interpreter_constraints": PexBinaryField(
        COUNTS,
        "the interpreters that the app runs on, and the CPython of the bytecode if that is the only one",
    ),
    "layout": PexBinaryField(NOTHING, "the `czex_binary` has a `layout`, with other choices"),
    "output_path": PexBinaryField(OWN, "where the PEX is written"),
    "platforms": PexBinaryField(COUNTS, "as `complete_platforms`", until=(2, 22)),
    "resolve": PexBinaryField(COUNTS, "where the wheels come from"),
    "resolve_local_platforms": PexBinaryField(
        COUNTS, "whether a local interpreter is used for a platform", until=(2, 24)
    ),
    "restartable": PexBinaryField(OWN, "whether `pants run` restarts the PEX after a change"),
    "scie": _scie(
        "a CZEX uses an installed interpreter; for a scie, package the `pex_binary` itself"
    ),
    "scie_args": _scie(),
    "scie_bind_resource_path": _scie(),
    "scie_busybox": _scie(),
    "scie_env": _scie(),
    "scie_exe": _scie(),
    "scie_hash_alg": _scie(),
    "scie_load_dotenv": _scie(),
    "scie_name_style": _scie(),
    "scie_pbs_debug": _scie(),
    "scie_pbs_free_threaded": _scie(),
    "scie_pbs_release": _scie(),
    "scie_pbs_stripped": _scie(),
    "scie_pex_entrypoint_env_passthrough": _scie(),
    "scie_platform": _scie(),
    "scie_python_version": _scie(),
    "script": PexBinaryField(COUNTS, "the console script that a start calls"),
    "sh_boot": PexBinaryField(OWN, "whether the PEX begins with a `sh` header", since=(2, 20)),
    "shebang": PexBinaryField(
        COUNTS,
        "the interpreter that the header prefers; with `sh_boot=False`, the first line of the CZEX",
    ),
    "strip_pex_env": PexBinaryField(COUNTS, "whether the app sees the `PEX_*` variables"),
    "tags": PexBinaryField(OWN, "labels to select targets by"),
    "validate_entry_point": PexBinaryField(
        COUNTS,
        "the build imports the entry point; it then handles wheels and sources in one step",
        since=(2, 33),
    ),
    "venv_hermetic_scripts": PexBinaryField(
        COUNTS, "in venv mode, whether scripts ignore variables such as PYTHONPATH"
    ),
    "venv_site_packages_copies": PexBinaryField(
        COUNTS,
        "in venv mode, whether files are copied into the app's environment instead of linked",
    ),
}

WITHOUT_MEANING = tuple(alias for alias, field in FIELDS.items() if field.kind == NOTHING)


def set_in_vain(target: Target) -> tuple[str, ...]:
    """Return the fields that a `pex_binary` sets to other values than the defaults and that a CZEX ignores."""
    return tuple(
        type_.alias
        for type_, field in target.field_values.items()
        if type_.alias in WITHOUT_MEANING and field.value != getattr(type_, "default", None)
    )
