"""What each field of a `pex_binary` does to a CZEX. The help, the log and the docs have it from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

from pants.engine.target import Target

# What a field can be to a CZEX.
COUNTS = "counts"  # The CZEX is as the PEX would be with it.
OWN = (
    "own"  # It is about the `pex_binary` alone, and the `czex_binary` has a field of the same name.
)
NOTHING = "nothing"  # The CZEX can't have what it asks for.

# The first release of Pants that the backend works with, and one that will never be.
FIRST, LAST = (2, 17), (9, 99)


@dataclass(frozen=True)
class PexBinaryField:
    """A field, from the release of Pants that brought it to the one that has removed it."""

    kind: str
    meaning: str
    since: tuple[int, int] = FIRST
    until: tuple[int, int] = LAST

    def is_in(self, pants: tuple[int, int]) -> bool:
        return self.since <= pants < self.until


def _scie(meaning: str = "as `scie`") -> PexBinaryField:
    return PexBinaryField(NOTHING, meaning, since=(2, 31))


FIELDS: Mapping[str, PexBinaryField] = {
    "args": PexBinaryField(COUNTS, "the app gets them before those of its command line"),
    "check": PexBinaryField(
        NOTHING,
        "it asks whether Python can read the PEX as one large zip file, which is not built for a CZEX",
        since=(2, 20),
    ),
    "complete_platforms": PexBinaryField(
        COUNTS, "wheels for these, the runtimes for them, and bytecode if all have one CPython"
    ),
    "compress": PexBinaryField(
        NOTHING, "a CZEX is always compressed, at its `compression_level`", since=(2, 32)
    ),
    "dependencies": PexBinaryField(COUNTS, "what is in the app"),
    "description": PexBinaryField(OWN, "for people who read the BUILD file"),
    "emit_warnings": PexBinaryField(COUNTS, "whether a start warns"),
    "entry_point": PexBinaryField(COUNTS, "what a start calls"),
    "env": PexBinaryField(COUNTS, "variables of the environment that a start sets"),
    "environment": PexBinaryField(
        COUNTS,
        "where wheels are resolved and bytecode is compiled; all else is done in that of the `czex_binary`",
    ),
    "executable": PexBinaryField(COUNTS, "the file that a start runs", since=(2, 20)),
    "execution_mode": PexBinaryField(
        COUNTS, "what Pex does differently in its two modes, a CZEX does"
    ),
    "extra_build_args": PexBinaryField(
        COUNTS,
        "Pex gets them; those about the form of the PEX, or a scie, have no effect",
        since=(2, 21),
    ),
    "ignore_errors": PexBinaryField(
        COUNTS, "whether the app starts without a wheel that it requires"
    ),
    "include_requirements": PexBinaryField(COUNTS, "whether there are wheels in it"),
    "include_sources": PexBinaryField(COUNTS, "whether there are sources in it"),
    "include_tools": PexBinaryField(COUNTS, "whether `PEX_TOOLS=1` gets tools"),
    "inherit_path": PexBinaryField(COUNTS, "whether the app sees packages of its interpreter"),
    "interpreter_constraints": PexBinaryField(
        COUNTS, "the interpreters that the app runs on, and bytecode if that is one CPython"
    ),
    "layout": PexBinaryField(NOTHING, "the `czex_binary` has a `layout`, with other choices"),
    "output_path": PexBinaryField(OWN, "where the PEX is written"),
    "platforms": PexBinaryField(COUNTS, "as `complete_platforms`", until=(2, 22)),
    "resolve": PexBinaryField(COUNTS, "where the wheels come from"),
    "resolve_local_platforms": PexBinaryField(
        COUNTS, "whether an interpreter here stands for a platform", until=(2, 24)
    ),
    "restartable": PexBinaryField(OWN, "whether `pants run` of the PEX starts anew after a change"),
    "scie": _scie(
        "a CZEX runs on an interpreter that is there; package the `pex_binary` itself for a scie"
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
        COUNTS, "the interpreter that the header prefers, and the first line with `sh_boot=False`"
    ),
    "strip_pex_env": PexBinaryField(COUNTS, "whether the app sees the `PEX_*` variables"),
    "tags": PexBinaryField(OWN, "for people who select targets"),
    "validate_entry_point": PexBinaryField(
        COUNTS,
        "the build imports the entry point; wheels and sources are then one step",
        since=(2, 33),
    ),
    "venv_hermetic_scripts": PexBinaryField(
        COUNTS, "in venv mode, whether variables such as PYTHONPATH count"
    ),
    "venv_site_packages_copies": PexBinaryField(
        COUNTS, "in venv mode, whether files are copied into the app's environment and not linked"
    ),
}

WITHOUT_MEANING = tuple(alias for alias, field in FIELDS.items() if field.kind == NOTHING)


def set_in_vain(target: Target) -> tuple[str, ...]:
    """The fields without a meaning for a CZEX that a `pex_binary` sets to another value than the default."""
    return tuple(
        type_.alias
        for type_, field in target.field_values.items()
        if type_.alias in WITHOUT_MEANING and field.value != getattr(type_, "default", None)
    )
