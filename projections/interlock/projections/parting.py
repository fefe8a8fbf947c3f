"""Two runs beside each other: where they first part, and what differs at their ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, cast

import msgspec

from interlock.projections.difference import Difference, difference
from interlock.projections.history import History
from interlock.projections.moment import Moment
from interlock.store.event import JSON, Event

Both = tuple[Moment | None, Moment | None]
"""A moment of each run; None for one that had ended by then."""


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

    Events are compared in order. Once something else happened, values are compared no more.
    """
    parts = _first(one, other, _happened)
    upto = len(one) + len(other) if parts is None else _place(parts)
    values = _first(one, other, _said)
    if values is not None and _place(values) > upto:
        values = None
    ledgers = one.ledger(), other.ledger()
    ends = difference(one.last, other.last, ledgers, timed=False)
    return RunDifference(values, parts, ends)


def _place(both: Both) -> int:
    return next(moment.version for moment in both if moment is not None)


def _first(one: History, other: History, told: Callable[[Event], object]) -> Both | None:
    for a, b in zip_longest(one.events, other.events):
        if a is None or b is None or told(a) != told(b):
            return _moment(one, a), _moment(other, b)
    return None


def _moment(history: History, event: Event | None) -> Moment | None:
    return None if event is None else history.at(event.version)


def _happened(event: Event) -> object:
    """What happened, without values, times and ids."""
    fields = _fields(event)
    kept = {name: value for name, value in fields.items() if name not in _VALUES}
    if "calls" in fields:
        kept["calls"] = [call[0] for call in fields["calls"]]
    if "within" in fields:
        kept["within"] = fields["within"]
    error = fields.get("error")
    return event.type, event.state, kept, error and error.get("type")


def _said(event: Event) -> object:
    """All that an event says, without times and ids."""
    return event.type, event.state, _fields(event)


def _fields(event: Event) -> dict[str, Any]:
    found = msgspec.to_builtins(event.body)
    kept = {name: value for name, value in found.items() if name not in _OWN}
    for name in _TIMES & found.keys():
        kept[name] = found[name] is not None
    return {name: _without(value, event.stream) for name, value in kept.items()}


def _without(value: Any, run: str) -> JSON:
    """A value in which the run's own id says nothing."""
    if isinstance(value, str):
        return "" if value == run else value
    if isinstance(value, list):
        return [_without(one, run) for one in cast("list[JSON]", value)]
    if isinstance(value, dict):
        fields = cast("dict[str, JSON]", value)
        return {name: _without(one, run) for name, one in fields.items()}
    plain: JSON = value
    return plain


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
