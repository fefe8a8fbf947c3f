"""Where the log holds something personal of a subject: in which events, in which variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from interlock.projections.run import RunState
from interlock.store.event import Encoded, Event
from interlock.store.values import Image
from interlock.store.values.atom import class_of

_TAGGED = b'"$":"personal"'


def mentions(event: Event, subject: str) -> bool:
    """Whether an event holds a personal value of a subject, readable or not."""
    body = msgspec.json.encode(event.body)
    if _TAGGED not in body:
        return False
    return _holds(msgspec.json.decode(body), subject, None)


def keys_in(event: Event) -> set[tuple[str, str]]:
    """The keys that an event's personal values need, each as its subject and the key's id.

    Values that were forgotten when they were recorded need none.
    """
    body = msgspec.json.encode(event.body)
    if _TAGGED not in body:
        return set()
    found: set[tuple[str, str]] = set()
    waiting: list[Any] = [msgspec.json.decode(body)]
    while waiting:
        one = waiting.pop()
        kind = class_of(one)
        if kind is list:
            waiting.extend(one)
        elif kind is dict:
            if one.get("$") == "personal" and one.get("k"):
                found.add((str(one["s"]), str(one["k"])))
            waiting.extend(one.values())
    return found


def variables_of(state: RunState, subject: str) -> list[str]:
    """The variables of a run that hold something personal of a subject, branches included."""
    found = [*_named(state.image, subject)]
    for thread in state.threads.values():
        found += [f"{thread.id}/{name}" for name in _named(thread.image, subject)]
    return found


def _named(image: Image, subject: str) -> list[str]:
    shown = image.plain_variables().keys()  # without the compiler's own
    return [
        name
        for name, encoded in image.variables.items()
        if name in shown and _holds(encoded, subject, image.nodes)
    ]


def _holds(encoded: Encoded, subject: str, nodes: Mapping[int, Encoded] | None) -> bool:
    """Whether a personal value of a subject can be reached."""
    waiting: list[Any] = [encoded]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        kind = class_of(one)
        if kind is list:
            waiting.extend(one)
        elif kind is dict:
            number: Any = one.get("$")
            if number == "personal" and one.get("s") == subject:
                return True
            if nodes is not None and type(number) is int and number not in seen:
                seen.add(number)
                waiting.append(nodes.get(number))
            waiting.extend(one.values())
    return False
