"""The law of snapshots: what one holds, and the events after it, give what replay gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec

from interlock.projections import RunState, evolve, fold
from interlock.projections.snapshot import snapshot_of, state_of
from interlock.store.event import Event
from interlock.store.values import Image


def plain(given: object) -> object:
    """A value such that two of them are equal when nothing could tell them apart."""
    value: Any = given
    if isinstance(given, Image):
        return plain(value.nodes), plain(value.variables), value.next
    if isinstance(given, msgspec.Struct):
        return [(name, plain(getattr(value, name))) for name in value.__struct_fields__]
    if is_dataclass(given):
        return [(field.name, plain(getattr(value, field.name))) for field in fields(value)]
    if isinstance(given, Mapping):
        return [(key, plain(one)) for key, one in value.items()]  # their order counts
    if isinstance(given, Set):
        return sorted(map(repr, value))
    if isinstance(given, Sequence) and not isinstance(given, str | bytes):
        return [plain(one) for one in value]
    return type(given).__name__, repr(given)


def through(state: RunState) -> RunState:
    """What becomes of a state in a snapshot: nothing."""
    snapshot = snapshot_of(state)
    assert snapshot is not None
    again = state_of(snapshot)
    assert again is not None
    assert plain(again) == plain(state)
    return again


def snapshotted(events: Sequence[Event]) -> None:
    """A snapshot at every version, and from some of them the whole rest."""
    whole = plain(fold(events))
    state: RunState | None = None
    step = max(1, len(events) // 4)
    for number, event in enumerate(events, 1):
        state = through(evolve(state, event))
        if number % step == 0:
            rest = through(state)
            for later in events[number:]:
                rest = evolve(rest, later)
            assert plain(rest) == whole
    assert plain(state) == whole
