"""Two runs beside each other: where they first part, and what differs at their ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, cast

import msgspec

from interlock.projections.difference import Difference, difference
from interlock.projections.history import History
from interlock.projections.moment import Moment
from interlock.store.changing import RunMigrated
from interlock.store.event import JSON, Event
from interlock.store.forking import CallAsked, ForkCaughtUp, ForkMade, OutcomeReplayed, RunForked
from interlock.store.vocabulary import StepStarted

Both = tuple[Moment | None, Moment | None]
"""A moment of each run; None for one that came no further."""


@dataclass(frozen=True, slots=True)
class RunDifference:
    """What differs between two runs. Times, ids and who did it are no differences.

    Attributes:
        values: the first moments whose values differ (input, results, variables, errors), None
            when there are none.
        parts: the first moments at which something else happened, None when the same happened
            from beginning to end.
        ends: what differs at the last moments.
    """

    values: Both | None
    parts: Both | None
    ends: Difference

    @property
    def same(self) -> bool:
        """Whether the same happened, with the same values."""
        return self.values is None and self.parts is None


def diff_runs(one: History, other: History) -> RunDifference:
    """Where two runs first part, and what differs at the ends.

    Events are compared in order; those that only say that a run is a fork, was forked, or was
    given what another one recorded are passed over. Once something else happened, values are
    compared no more.
    """
    values: Both | None = None
    parts: Both | None = None
    changed = _was_changed(one.events) or _was_changed(other.events)
    for a, b in zip_longest(_told(one.events), _told(other.events)):
        both = _moment(one, a), _moment(other, b)
        if a is None or b is None or not _same_happened(a, b):
            parts, values = both, values or both
            break
        said = values is not None or (_same_said(a, b) and not changed)
        if not said and not _same_meant(*both):
            values = both
    ledgers = one.ledger(), other.ledger()
    ends = difference(one.last, other.last, ledgers, timed=False)
    return RunDifference(values, parts, ends)


def _told(events: Iterable[Event]) -> Iterator[Event]:
    return (event for event in events if event.type not in _UNTOLD)


_UNTOLD = frozenset(
    made.__name__
    for made in (RunForked, ForkMade, OutcomeReplayed, ForkCaughtUp, RunMigrated, StepStarted)
)
"""Types of events that say nothing of what a run did, or only once more."""


def _was_changed(events: Iterable[Event]) -> bool:
    """Whether it is a fork whose variables were changed: then equal references may differ."""
    return any(isinstance(e.body, RunForked) and e.body.memory is not None for e in events)


def _moment(history: History, event: Event | None) -> Moment | None:
    return None if event is None else history.at(event.version)


def _same_happened(a: Event, b: Event) -> bool:
    """Whether the same happened, values, times and ids aside."""
    return (a.type, a.state) == (b.type, b.state) and _alike(
        _happened(a), _happened(b), (a.stream, b.stream)
    )


def _happened(event: Event) -> dict[str, Any]:
    """What happened, without values, times and ids."""
    fields = _fields(event)
    kept = {name: value for name, value in fields.items() if name not in _VALUES}
    if "calls" in fields:
        kept["calls"] = [call[0] for call in fields["calls"]]
    if "within" in fields:
        kept["within"] = fields["within"]
    error = fields.get("error")
    return {**kept, "error": error and error.get("type")}


def _same_said(a: Event, b: Event) -> bool:
    """Whether two events of one type say the same, times and ids aside."""
    return _alike(_fields(a), _fields(b), (a.stream, b.stream))


def _same_meant(a: Moment | None, b: Moment | None) -> bool:
    """Whether two events mean the same, though their objects have other numbers."""
    assert a is not None
    assert b is not None  # something else happened else
    return _alike(_meant(a), _meant(b), (a.event.stream, b.event.stream))


def _meant(moment: Moment) -> dict[str, JSON]:
    fields = _fields(moment.event)
    fields.pop("memory", None)
    found = {name: moment.plain(value) for name, value in fields.items()}
    return found | {f"variable {name}": value for name, value in moment.locals.items()}


def _fields(event: Event) -> dict[str, Any]:
    found = msgspec.to_builtins(event.body)
    kept = {name: value for name, value in found.items() if name not in _OWN}
    for name in _TIMES & found.keys():
        kept[name] = found[name] is not None
    if kept.get("reused") == "recorded":  # it is what happened, though to another run
        del kept["reused"]
    if isinstance(event.body, CallAsked):
        del kept["reason"]
    return kept


def _alike(one: Any, other: Any, runs: tuple[str, str]) -> bool:
    """Whether two values are equal, or differ only in that each names the run that it is of."""
    if isinstance(one, list) and isinstance(other, list):
        left, right = cast("list[JSON]", one), cast("list[JSON]", other)
        return len(left) == len(right) and all(
            _alike(a, b, runs) for a, b in zip(left, right, strict=True)
        )
    if isinstance(one, dict) and isinstance(other, dict):
        old, new = cast("dict[str, JSON]", one), cast("dict[str, JSON]", other)
        return old.keys() == new.keys() and all(_alike(old[k], new[k], runs) for k in old)
    return bool(one == other) or (one, other) == runs


_OWN = frozenset([
    "key", "child", "command_id", "command_ids", "parent", "parent_activity", "input_digest",
    "facts", "reused_run", "client", "deferred",
])  # fmt: skip
"""Fields of bodies that are of one run alone."""

_TIMES = frozenset(["until", "deadline", "retry_at", "due"])
"""Instants: only whether there is one is compared."""

_VALUES = frozenset([
    "args", "kwargs", "memory", "result", "value", "about", "error", "reason", "calls",
    "reminders", "escalations", "by",
])  # fmt: skip
"""Fields of bodies that say with what values something happened."""
