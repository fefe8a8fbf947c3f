"""Words that the phrases of all events share."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import TypeAlias

from interlock.store.event import JSON, Encoded, Event

Plain: TypeAlias = Callable[[Encoded], JSON]
"""Turns a recorded value into plain JSON, with the run's memory as it was after the event."""

_PLACE = re.compile(r"\[([^\[\]]*)\](?=/|$)")


_NAMES: ContextVar[Mapping[str, str]] = ContextVar("names", default=MappingProxyType({}))


@contextmanager
def knowing(names: Mapping[str, str]) -> Generator[None]:
    """Call activities by these names in the block, where their ids do not tell them."""
    before = _NAMES.set(names)
    try:
        yield
    finally:
        _NAMES.reset(before)


def name_of(activity: str) -> str:
    """`charge` of `charge#3`; `post` of the item `each:post#4[line-07]`; of a branch, its name.

    Of a call that only has a number among others its step, where that is known; else which of them
    it is: `parallel:charge+post[0]`.
    """
    if activity.endswith("]"):
        join, item = item_of(activity)
        all_of_them = join.partition("#")[0].rpartition("/")[2]
        how, _, each = all_of_them.partition(":")
        if how == "each" and each:
            return each
        return _NAMES.get().get(activity) or (f"{all_of_them}[{item}]" if item.isdigit() else item)
    return activity.rpartition("]/")[2].partition("#")[0]


def branch_of(activity: str) -> str:
    """`7` of `each:order#1[7]/charge#3`: which of several calls it belongs to; "" for none."""
    return "/".join(_PLACE.findall(activity))


def places_alike(activity: str) -> str:
    """What the activities of all items have in common: `each:order#1[]/charge#3`; "" for none."""
    return _PLACE.sub("[]", activity) if branch_of(activity) else ""


def item_of(activity: str) -> tuple[str, str]:
    """The join and the name of the call among its calls, of an activity that stands in one.

    ("", "") for one that stands in none.
    """
    if not activity.endswith("]"):
        return "", ""
    join, _, item = activity[:-1].rpartition("[")
    return join, item


def by(event: Event, before: str = "") -> str:
    """Who caused an event; nothing for an unnamed one if something stands before it."""
    who = event.actor.id or ("" if before else event.actor.kind)
    return f"{before}{who}" if who else ""


def because(said: str, reason: str) -> str:
    """What happened, and why."""
    return f"{said}: {reason}" if reason else said


def changed(before: str, after: str) -> str:
    """One state and the next; of one with regions only those that changed: `a/x → a/y`."""
    old, new = _regions(before), _regions(after)
    if old[0] != new[0] or len(old) != len(new):
        return f"{before} → {after}"
    others = (f"{one} → {other}" for one, other in zip(old, new, strict=True) if one != other)
    return ", ".join(others)


def _regions(state: str) -> list[str]:
    """The name of a state, and what is active in each of its regions."""
    name, _, inside = state.removesuffix(")").partition("(")
    parts, depth, start = [name], 0, 0
    for place, character in enumerate(inside):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and not depth:
            parts.append(inside[start:place])
            start = place + 2
    return [*parts, inside[start:]] if inside else parts
