"""Recorded values as plain JSON for people: no reference, no tag, no class needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from interlock.store.event import JSON, Encoded
from interlock.store.values.atom import class_of
from interlock.store.values.personal import TAG, shown

_DEEP = 100


class Reader:
    """Reads values against numbered objects; an object inside itself is written `<cycle>`."""

    def __init__(self, nodes: Mapping[int, Encoded]) -> None:
        self._nodes = nodes
        self._done: dict[int, JSON] = {}
        self._open: set[int] = set()

    def read(self, encoded: Encoded, depth: int = 0) -> JSON:
        """The value as plain JSON."""
        if type(encoded) is list:
            return self._deeper(encoded, depth)
        if type(encoded) is not dict:
            return encoded
        tag = encoded.get("$")
        if type(tag) is int:
            return self._object(tag, depth)
        if tag is None or tag in _CONTAINERS:
            return self._deeper(encoded, depth)
        if tag == TAG:
            return shown(encoded)
        return _atom(encoded)

    def _object(self, number: int, depth: int) -> JSON:
        if number in self._done:
            return self._done[number]
        if number in self._open:
            return "<cycle>"
        self._open.add(number)
        plain = self.read(self._nodes[number], depth) if number in self._nodes else "<gone>"
        self._open.discard(number)
        self._done[number] = plain
        return plain

    def _deeper(self, encoded: Any, depth: int) -> JSON:
        if depth > _DEEP:
            return "<deeper>"
        kind = class_of(encoded)
        if kind is list:
            return [self.read(x, depth + 1) for x in encoded]
        tag = encoded.get("$")
        if tag is None:
            return {name: self.read(x, depth + 1) for name, x in encoded.items()}
        if tag == "dict":
            return {self._key(k): self.read(x, depth + 1) for k, x in encoded["v"]}
        if tag == "object":
            return self._fields(encoded, ("v", "extra", "private"), depth)
        if tag == "error":
            return self._error(encoded, depth)
        if tag == "bytearray":
            text: str = encoded["v"]  # base64
            return text
        return [self.read(x, depth + 1) for x in encoded["v"]]

    def _fields(self, encoded: Any, parts: tuple[str, ...], depth: int) -> dict[str, JSON]:
        return {
            name: self.read(x, depth + 1)
            for part in parts
            for name, x in encoded.get(part, {}).items()
        }

    def _error(self, encoded: Any, depth: int) -> JSON:
        error: dict[str, JSON] = {"error": encoded["t"]}
        error["args"] = [self.read(x, depth + 1) for x in encoded["v"]]
        error |= self._fields(encoded, ("a",), depth)
        for part in ("cause", "context"):
            if part in encoded:
                error[part] = self.read(encoded[part], depth + 1)
        return error

    def _key(self, encoded: Encoded) -> str:
        plain = self.read(encoded)
        return plain if isinstance(plain, str) else str(plain)


_CONTAINERS = frozenset(
    ["dict", "tuple", "set", "frozenset", "deque", "range", "bytearray", "object", "error"]
)


def _atom(encoded: dict[str, Any]) -> JSON:
    tag, value = encoded["$"], encoded["v"]
    if tag == "int":
        return int(value, 16)
    if tag == "timedelta":
        return str(timedelta(*value))
    if tag in ("datetime", "time") and "zone" in encoded:
        return f"{value}[{encoded['zone']}]"
    readable: JSON = value  # text, or the value of a flag
    return readable


def plain(encoded: Encoded) -> JSON:
    """A value that was encoded in one piece, as plain JSON for people."""
    return Reader({}).read(encoded)
