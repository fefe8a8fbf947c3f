"""Where a run was ended from outside: its code was not told, and did nothing any more."""

from __future__ import annotations

from collections.abc import Sequence

from interlock.store.event import Event
from interlock.store.vocabulary import (
    CancelDelivered,
    CancelRequested,
    RunCancelled,
    RunCompensationFailed,
)

_ENDING = (CancelDelivered, RunCancelled, RunCompensationFailed)


def before_given_up(events: Sequence[Event]) -> Sequence[Event]:
    """The events of which a run's code knew: without the end of one that was given up.

    A worker records how code takes a cancellation; a fork that is discarded, and a run that nobody
    could go on with, are ended by who says so.
    """
    for place, event in enumerate(events):
        if isinstance(event.body, _ENDING) and event.actor.kind != "worker":
            return events[: place - _asked_for(events[place - 1], event)]
    return events


def _asked_for(before: Event, event: Event) -> bool:
    """Whether it is the request that the run was given up by: part of the same commit."""
    return isinstance(before.body, CancelRequested) and before.cause == event.cause
