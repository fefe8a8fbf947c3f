"""Streams of Interlock itself: nothing is folded of them but that they go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interlock.projections.run import RunState
from interlock.store.event import Event
from interlock.store.retention import RunsArchived, RunsRestored


def _noted(state: RunState, event: Event, body: object) -> None:
    state.lifecycle = True


HANDLERS: dict[str, Callable[[RunState, Event, Any], None]] = {
    RunsArchived.__name__: _noted,
    RunsRestored.__name__: _noted,
}
"""What folds each of these events."""
