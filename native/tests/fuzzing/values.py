"""Choose values by the bytes of a fuzzer's input."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, List, Sequence, TypeVar

import atheris

Item = TypeVar("Item")

# Texts that are hard for parsers.
TEXTS = (
    "",
    "..",
    "../x",
    "/x",
    "a/b",
    "x\0y",
    "a\nb",
    "\ud800",
    "caf\xe9",
    "[/x]",
    "'''",
    "~/x",
    "9" * 5000,
    "(" * 3000,
    "x" * 300,
)
NUMBERS = (0, 1, -1, 2**31, 2**32 - 1, 2**63, 2**64, 10**30, -(2**63))

_DEEP = re.compile('"<([0-9]{2,6})>"')


class Chooser:
    """Chooses values by the bytes of an input. After the end of the bytes it always chooses the first."""

    def __init__(self, data: bytes) -> None:
        self._provider = atheris.FuzzedDataProvider(data)

    def number(self, largest: int) -> int:
        return int(self._provider.ConsumeIntInRange(0, largest))

    def one_of(self, items: Sequence[Item]) -> Item:
        return items[self.number(len(items) - 1)]

    def some_bytes(self, largest: int) -> bytes:
        return bytes(self._provider.ConsumeBytes(self.number(largest)))

    def text(self, more: Sequence[str] = ()) -> str:
        """Return one of some texts, or any other text."""
        kind = self.number(3)
        if kind == 0:
            return self.one_of([*more, *TEXTS])
        if kind == 1 and more:
            # Two of the texts with any text between them.
            return self.one_of(more) + self.text() + self.one_of(more)
        if kind == 2:
            return self.some_bytes(40).decode("latin-1")
        return str(self._provider.ConsumeUnicode(self.number(40)))

    def json(self, more: Sequence[str] = (), depth: int = 0) -> Any:
        """Return any JSON value."""
        kind = self.number(9 if depth < 3 else 6)
        if kind < 3:
            return self.text(more)
        if kind == 3:
            return self.one_of((None, True, False))
        if kind == 4:
            return self.one_of(NUMBERS)
        if kind == 5:
            return self.one_of((0.5, float("nan"), float("inf")))
        if kind == 6:
            return self.one_of(([], {}))
        items: List[Any] = [self.json(more, depth + 1) for _ in range(self.number(3))]
        if kind == 7:
            return items
        if kind == 8:
            return {self.text(more): item for item in items}
        return self.one_of(("<50>", "<500>", "<900>", "<100000>"))

    def changed(self, value: Any, more: Sequence[str] = ()) -> Any:
        """Return a JSON value, changed in one place."""
        if isinstance(value, dict) and value and self.number(7):
            key = self.one_of(sorted(value))
            rest: Dict[str, Any] = {name: item for name, item in value.items() if name != key}
            kind = self.number(7)
            if kind == 1:
                return rest
            if kind == 2:
                return {**rest, self.text(more): value[key]}
            return {**rest, key: self.changed(value[key], more)}
        if isinstance(value, list) and value and self.number(7):
            index = self.number(len(value) - 1)
            if self.number(3) == 1:
                return value[:index] + value[index + 1 :]
            return [*value[:index], self.changed(value[index], more), *value[index + 1 :]]
        if isinstance(value, str) and self.number(1):
            return self.changed_text(value)
        return self.json(more)

    def changed_text(self, text: str) -> str:
        start = self.number(len(text))
        end = start + self.number(len(text) - start)
        return text[:start] + self.text() + text[end:]

    def changed_bytes(self, content: bytes) -> bytes:
        """Return the bytes, changed in one place."""
        start = self.number(len(content))
        end = start + self.number(min(8, len(content) - start))
        return content[:start] + self.some_bytes(8) + content[end:]


def dumps(value: Any) -> bytes:
    """Return a value of `Chooser.json` as JSON. Deep nesting is a text such as "<500>" until here: Python can't write it."""
    return _DEEP.sub(lambda found: nested(int(found[1])), json.dumps(value)).encode()


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth
