"""The `after` timers of a lifecycle, as they follow from its history and its program."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from interlock.engine.lifecycles import AFTER
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.projections import RunState
from interlock.store.event import Event
from interlock.store.vocabulary import TransitionTaken


def after_timers(
    program: LifecycleProgram, events: Sequence[Event], state: RunState
) -> dict[str, datetime]:
    """The instants of the timers that run in a state, by the timer's name."""
    if state.active:
        return {
            f"{AFTER}{edge}": since + wait
            for name, since in state.active.items()
            for edge, wait in program.timers(name)
        }
    internal = {edge.id for edge in program.machine.edges if edge.internal}
    entered = events[0].at
    for event in events:
        if isinstance(event.body, TransitionTaken) and event.body.transition not in internal:
            entered = event.at
    return {f"{AFTER}{edge}": entered + wait for edge, wait in program.timers(state.state)}
