"""Write tables into documents, between the marks `<!-- bench NAME -->` and `<!-- bench end -->`."""

from __future__ import annotations

import re
from pathlib import Path

from bench.report.find import Results
from bench.report.sections import MAKERS, sections

MARKED = re.compile(r"(<!-- bench ([a-z]+) -->\n)(.*?)(<!-- bench end -->)", re.S)


def filled(text: str, results: Results) -> str:
    """Return a text with the tables of the results in its sections. A section without results says "Not measured"."""
    found = sections(results)

    def section(match: re.Match[str]) -> str:
        start, name, _, end = match.groups()
        if name not in MAKERS:
            raise ValueError(f"unknown section {name!r}; use one of {sorted(MAKERS)}")
        if name not in found:
            return start + "\nNot measured.\n\n" + end
        tables = "\n".join(table.markdown() for table in found[name])
        return f"{start}\n{tables}\n{end}"

    return MARKED.sub(section, text)


def write(path: Path, results: Results) -> None:
    path.write_text(filled(path.read_text(), results))
