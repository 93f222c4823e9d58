"""Write `docs/fields-and-options.md` from the help texts of the targets and subsystems.

./pants run docs/generate/reference.py > docs/fields-and-options.md
"""

from __future__ import annotations

import inspect
import textwrap
from enum import Enum
from typing import Any, Iterable, Iterator, Type

from pants.engine.target import Field, Target
from pants.help.help_info_extracter import TargetFieldHelpInfo
from pants.option.option_types import collect_options_info
from pants.option.subsystem import Subsystem

from czex import register
from czex.pex_binary_fields import COUNTS, FIELDS, FIRST, LAST, NOTHING, OWN, PexBinaryField

HEADER = """\
# Fields and options

*For people who write BUILD files. This page lists every field and option of the backend, with its default.*

`./pants run docs/generate/reference.py` writes this page from the backend itself. `pants help czex_binary` and `pants help czex`
print the same texts.

"""


PEX_BINARY = """\
## Fields of the `pex_binary`

A field with "counts" has the same effect on the CZEX as on the PEX. A field with "no" has no effect on the CZEX; if it is set, the
build says so in its log. A field with "its own" affects the PEX only: the `czex_binary` has a field of the same name.
"""
KINDS = {COUNTS: "counts", NOTHING: "no", OWN: "its own"}


def page() -> str:
    parts = (*map(target, register.target_types()), pex_binary(), *map(options, subsystems()))
    return HEADER + "\n".join(parts)


def pex_binary() -> str:
    rows = "".join(
        f"| `{alias}` | {KINDS[field.kind]} | {field.meaning} | {releases(field)} |\n"
        for alias, field in sorted(FIELDS.items())
    )
    return f"{PEX_BINARY}\n| field | for the CZEX | how, or why not | Pants |\n|---|---|---|---|\n{rows}"


def releases(field: PexBinaryField) -> str:
    """Return the releases of Pants with a field, or "" if all have it."""
    since = "" if field.since <= FIRST else "since {}.{}".format(*field.since)
    return since or ("before {}.{}".format(*field.until) if field.until < LAST else "")


def subsystems() -> Iterator[Type[Subsystem]]:
    """Return the subsystems of the backend that its rules ask for, sorted by scope."""
    found = {
        parameter
        for rule in register.rules()
        for parameter in getattr(rule, "input_selectors", ())
        if inspect.isclass(parameter)
        and issubclass(parameter, Subsystem)
        and parameter.__module__.startswith("czex.")
    }
    return iter(sorted(found, key=lambda subsystem: subsystem.options_scope or ""))


def target(type_: Type[Target]) -> str:
    facts = [
        facts_of(each) for each in sorted(type_.core_fields, key=lambda each: not each.required)
    ]
    own = {each.alias for each in type_.core_fields if each.__module__.startswith("czex.")}
    rows = "".join(
        f"| `{each.alias}` | {need(each)} |\n" for each in facts if each.alias not in own
    )
    return "\n".join(
        (
            section(f"## `{type_.alias}`", str(type_.help)),
            *(
                section(
                    f"### `{each.alias}`", f"`{each.type_hint}`; {need(each)}", each.description
                )
                for each in facts
                if each.alias in own
            ),
            section("### Fields that other targets have, too"),
            f"| field | |\n|---|---|\n{rows}",
        )
    )


def facts_of(type_: Type[Field]) -> TargetFieldHelpInfo:
    return TargetFieldHelpInfo.create(type_, provider="")


def need(facts: TargetFieldHelpInfo) -> str:
    return "required" if facts.required else f"default: `{facts.default}`"


def options(type_: Type[Subsystem]) -> str:
    scope = type_.options_scope or ""
    sections = [section(f"## `[{scope}]`", str(value_of(type_.help, type_)))]
    for info in collect_options_info(type_):
        (flag,) = info.flag_names
        name = flag.lstrip("-")
        facts = f"`--{scope}-{name}`; default: `{toml(info.flag_options.get('default'))}`"
        text = str(value_of(info.flag_options["help"], type_))
        sections.append(section(f"### `[{scope}].{name.replace('-', '_')}`", facts, text))
    return "\n".join(sections)


def value_of(text: Any, type_: type) -> Any:
    """Return a help text, which may depend on the class that has inherited it."""
    return text(type_) if inspect.isfunction(text) else text


def toml(value: object) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).replace("'", '"')


def section(heading: str, *paragraphs: str) -> str:
    return "\n\n".join((heading, *map(wrapped, paragraphs))) + "\n"


def wrapped(text: str) -> str:
    return "\n".join(lines(text.strip().splitlines()))


def lines(text: Iterable[str]) -> Iterator[str]:
    """Wrap prose as in the other pages. Indented lines are code, and stay as they are."""
    for line in text:
        if line.startswith("    ") or not line:
            yield line
        else:
            yield from textwrap.wrap(line, 130, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    print(page(), end="")
