"""Two states of a run compared whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import msgspec

from interlock.projections import RunState, evolve
from interlock.projections.snapshot import snapshot_of, state_of
from interlock.store.event import Event
from interlock.store.values import Image
from interlock.testing.broken import Broken, differ


def seen(state: RunState) -> dict[str, Any]:
    """All that a state holds, as plain values, such that two of them can be compared."""
    return {one.name: _plain(getattr(state, one.name)) for one in fields(state)}


def _plain(value: Any) -> Any:
    return _listed(msgspec.to_builtins(value, builtin_types=(datetime,), enc_hook=_image))


def _listed(value: Any) -> Any:
    """With lists for tuples: which of the two a sequence is says nothing."""
    if isinstance(value, dict):
        return {name: _listed(one) for name, one in _items(value)}
    return [_listed(one) for one in _several(value)] if isinstance(value, list | tuple) else value


def _items(value: Any) -> Iterable[tuple[Any, Any]]:
    return value.items()  # type: ignore[no-any-return]  # of a dict


def _several(value: Any) -> Iterable[Any]:
    return value  # type: ignore[no-any-return]  # a list or a tuple


def _image(value: object) -> object:
    if isinstance(value, Image):
        return [value.nodes, value.variables, value.next]
    return repr(value)


def compare(what: str, expected: RunState, came: RunState) -> None:
    """Raise `Broken` with the first field in which two states differ."""
    wanted, found = seen(expected), seen(came)
    for name, value in wanted.items():
        if found[name] != value:
            raise Broken(differ(f"{what}, {name}", value, found[name]))


def folded(events: Sequence[Event], onto: RunState | None = None) -> RunState | None:
    """Events folded, onto a state that has come from others."""
    for event in events:
        onto = evolve(onto, event)
    return onto


_CUTS = 10
"""Places at which a history is cut."""


def cuts_agree(events: Sequence[Event]) -> None:
    """A snapshot at any place, and the events behind it, give what all events give.

    Raises:
        Broken: they do not.
    """
    whole = folded(events)
    if whole is None:
        return
    step = max(1, len(events) // _CUTS)
    for cut in range(1, len(events) + 1, step):
        before = folded(events[:cut])
        snapshot = None if before is None else snapshot_of(before)
        if snapshot is None:
            continue  # such as a number beyond 64 bits: there is no snapshot of it
        back = state_of(snapshot)
        if back is None:
            msg = f"the snapshot at version {cut} cannot be read back"
            raise Broken(msg)
        again = folded(events[cut:], back)
        assert again is not None
        compare(f"from a snapshot at version {cut} on", whole, again)
