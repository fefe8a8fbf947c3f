"""The state of a machine that runs share: its last event says everything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from interlock.store.contract import Head
from interlock.store.event import Actor, Encoded, Event
from interlock.store.vocabulary_shared import SharedMoved


@dataclass(frozen=True, slots=True)
class SharedState:
    """A shared machine after one event.

    Attributes:
        stream: its id, such as `$breaker/payments`.
        head: where the stream ends.
        state: name of its state.
        since: when it entered that state.
        at, actor: of the event.
        transition, command, value: what moved it; see `SharedMoved`.
        data: the machine's data, as plain JSON.
    """

    stream: str
    head: Head
    state: str
    since: datetime
    at: datetime
    actor: Actor
    transition: str
    command: str
    value: Encoded
    data: Encoded


def evolve_shared(event: Event) -> SharedState:
    """The state after one event of a shared machine's stream. No other event is needed.

    Raises:
        ValueError: the event is not of such a stream.
    """
    body = event.body
    if not isinstance(body, SharedMoved):
        message = f"{event.type} of {event.stream!r} is not an event of a shared machine"
        raise ValueError(message)
    return SharedState(
        event.stream,
        Head(event.version, event.digest, event.at),
        event.state,
        body.since,
        event.at,
        event.actor,
        body.transition,
        body.command,
        body.value,
        body.data,
    )


def shared_at(events: Iterable[Event], when: datetime) -> SharedState | None:
    """The state at an instant (timezone-aware); None before the first event."""
    last: Event | None = None
    for event in events:
        if event.at > when:
            break
        last = event
    return None if last is None else evolve_shared(last)
