"""The part of the run fold that is a lifecycle's: its transitions, and where they lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interlock.projections.run import RunState
from interlock.store.event import Event
from interlock.store.vocabulary import CommandIgnored, TransitionTaken


def _transition_taken(state: RunState, event: Event, body: TransitionTaken) -> None:
    state.image.apply(body.memory)
    state.visits += 1
    for name in body.exited:
        state.active.pop(name, None)
    for name in body.entered:
        state.active[name] = event.at
    if body.history:
        state.remembered.update(body.history)
    if body.deferred:
        _settled(state, body.deferred)


def _command_ignored(state: RunState, event: Event, body: CommandIgnored) -> None:
    if body.deferred:
        _settled(state, body.deferred)


def _settled(state: RunState, command: str) -> None:
    """A command that a lifecycle kept for later is kept no more."""
    state.inbox = [kept for kept in state.inbox if kept.id != command]


LIFECYCLE: dict[str, Callable[[RunState, Event, Any], None]] = {
    TransitionTaken.__name__: _transition_taken,
    CommandIgnored.__name__: _command_ignored,
}
"""What each type of event does to a run."""
