"""What a log says about its key store, and about those who were forgotten."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from interlock.store.contract import Head
from interlock.store.event import Encoded, Event
from interlock.store.forgetting import KeyStoreBound, SubjectForgotten


@dataclass(slots=True)
class Forgetting:
    """The stream `$personal` at one version.

    Attributes:
        keys: identity of the key store, "" while none is needed.
        subjects: those who were forgotten, with the event that says so first.
        head: where the stream ends.
        began: when it began, None before its first event.
    """

    keys: str = ""
    subjects: dict[str, Event] = field(default_factory=dict[str, Event])
    head: Head = field(default_factory=Head)
    began: datetime | None = None


def fold_forgetting(events: Iterable[Event]) -> Forgetting:
    """What the events of `$personal`, in order from the first, say."""
    state = Forgetting()
    for event in events:
        state.head = Head(event.version, event.digest, event.at)
        state.began = state.began or event.at
        body = event.body
        if isinstance(body, KeyStoreBound):
            state.keys = body.keys
        elif isinstance(body, SubjectForgotten):
            state.subjects.setdefault(body.subject, event)
    return state


def marked(encoded: Encoded, subjects: Container[str]) -> Encoded:
    """A value encoded in one piece, with the personal values of these subjects marked as gone."""
    if isinstance(encoded, list):
        return [marked(one, subjects) for one in encoded]
    if not isinstance(encoded, dict):
        return encoded
    if encoded.get("$") == "personal" and encoded.get("s") in subjects:
        return encoded | {"gone": True}
    return {name: marked(one, subjects) for name, one in encoded.items()}
