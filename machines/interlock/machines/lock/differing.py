"""What has changed between two locks, a line for each thing, for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from interlock.machines.lock.contents import Lock, Locked, section
from interlock.store.values.atom import class_of

How = Literal["new", "gone", "changed"]


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One difference.

    Attributes:
        machine: where.
        how: what happened to it.
        what: it, such as `state charge` or `field total of Order`.
        before, after: what it was and is, "" for nothing.
    """

    machine: str
    how: How
    what: str
    before: str = ""
    after: str = ""


def changes(before: Lock, after: Lock) -> list[Change]:
    """All differences, by machine, in the order of the file."""
    found: list[Change] = []
    for name in sorted({**before, **after}):
        old, new = before.get(name), after.get(name)
        if old is None and new is not None:
            found.append(Change(name, "new", f"{new.machine.kind} {new.machine.hash}"))
        elif new is None and old is not None:
            found.append(Change(name, "gone", f"{old.machine.kind} {old.machine.hash}"))
        elif old is not None and new is not None:
            found += _changes(name, old, new)
    return found


def _changes(name: str, old: Locked, new: Locked) -> Iterator[Change]:
    before, after = section(old), section(new)
    for key in {**before, **after}:
        one, other = before.get(key), after.get(key)
        if _DICT in (type(one), type(other)):
            yield from _tables(name, key, one or {}, other or {})
        elif one != other:
            yield _change(name, "the code" if key == "body" else key, one, other)


_DICT: Any = dict
_SINGULAR = {"states": "state", "transitions": "transition", "calls": "call", "values": "class"}


def _tables(
    name: str, part: str, before: dict[str, Any], after: dict[str, Any]
) -> Iterator[Change]:
    for key in {**before, **after}:
        what = f"{_SINGULAR.get(part, part)} {key}"
        one, other = before.get(key), after.get(key)
        if one is None or other is None:
            yield _change(name, what, one, other)
            continue
        if _DICT not in (type(one), type(other)):
            if one != other:
                yield Change(name, "changed", what, _text(one), _text(other))
            continue
        for field in {**one, **other}:
            here, there = one.get(field), other.get(field)
            if here != there:
                yield Change(name, "changed", f"{what}: {field}", _text(here), _text(there))


def _change(name: str, what: str, before: Any, after: Any) -> Change:
    how: How = "new" if before is None else "gone" if after is None else "changed"
    return Change(name, how, what, _text(before), _text(after))


def _text(value: Any) -> str:
    kind = class_of(value)
    if value is None or value == {}:
        return ""
    if kind in (list, tuple):
        return ", ".join(map(str, value))
    if kind is dict:
        return ", ".join(f"{name} {_text(one)}" for name, one in value.items())
    return str(value)
