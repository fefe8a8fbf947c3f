"""Paths to recorded values, such as `order.lines[0].price`: read, and followed by parts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from interlock.projections.errors import NoSuchVariable
from interlock.store.event import Encoded
from interlock.store.values import Image
from interlock.store.values.atom import class_of

Part = int | str
"""An index (`[0]`, `[-1]`), or the name of a field or key (`.total`, `["a key"]`)."""

_PART = re.compile(r"""\[(-?\d+)\]|\[(?:"([^"]*)"|'([^']*)')\]|\.?([^.\[\]]+)""")

SEQUENCES = ("tuple", "deque")
"""Tags of what is recorded as a list of items in order."""


class Place(NamedTuple):
    """Where a part of an object is: in which of its own parts, under which key, and its value."""

    within: str
    key: Any
    value: Encoded


def split(path: str, roots: Iterable[str]) -> tuple[str, list[Part]]:
    """The variable that a path begins with, and its further parts.

    Raises:
        NoSuchVariable: it is no path.
    """
    for root in sorted(roots, key=len, reverse=True):  # a helper's are `helper/name`
        rest = path.removeprefix(root)
        if rest != path and (not rest or rest[0] in ".["):
            return root, _parts(path, rest)
    first, *rest_of_it = _parts(path, path) or [path]
    return str(first), rest_of_it


def _parts(path: str, text: str) -> list[Part]:
    found: list[Part] = []
    place = 0
    for match in _PART.finditer(text):
        if match.start() != place:
            break
        place = match.end()
        index, *names = match.groups()
        found.append(int(index) if index is not None else next(n for n in names if n is not None))
    if place != len(text):
        message = f"{path!r} is no path; write it as order.total or items[0].price"
        raise NoSuchVariable(message)
    return found


def number_of(value: Any) -> int | None:
    """The object that a value refers to."""
    number = value.get("$") if class_of(value) is dict else None
    return number if type(number) is int else None


def node_at(image: Image, value: Encoded) -> Any:
    """The object that a value refers to, or the value itself."""
    number = number_of(value)
    return value if number is None else image.nodes[number]


def places(image: Image, node: Any) -> dict[Part, Place]:
    """What a path may lead to inside of an object, by the name that people see."""
    if class_of(node) is list:
        return {i: Place("", i, value) for i, value in enumerate(node)}
    if class_of(node) is not dict:
        return {}
    tag = node.get("$")
    if tag is None:
        return {name: Place("", name, value) for name, value in node.items()}
    if tag == "object":
        return {
            name: Place(part, name, value)
            for part in ("v", "extra", "private")
            for name, value in node.get(part, {}).items()
        }
    if tag == "dict":
        return {_key(image, key): Place("v", key, value) for key, value in node["v"]}
    if tag in SEQUENCES:
        return {i: Place("v", i, value) for i, value in enumerate(node["v"])}
    return {}


def found(known: dict[Part, Place], part: Part, *, in_order: bool) -> Place | None:
    """The place that a part means: counted from the end, and a key as text, too."""
    if in_order:
        index = part + len(known) if isinstance(part, int) and part < 0 else part
        return known.get(index)
    if part in known:
        return known[part]
    return next((place for name, place in known.items() if str(name) == str(part)), None)


def _key(image: Image, key: Encoded) -> Part:
    plain = image.plain(key)
    return plain if isinstance(plain, int | str) and not isinstance(plain, bool) else str(plain)
