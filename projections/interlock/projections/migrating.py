"""The fold of a run that goes on under another definition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from interlock.projections.run import Activity, RunState
from interlock.store.changing import RunMigrated
from interlock.store.event import Event
from interlock.store.within import Within


def _run_migrated(state: RunState, event: Event, body: RunMigrated) -> None:
    migrated(state, body)


def migrated(state: RunState, body: RunMigrated) -> RunState:
    """The run under its other definition; its own state's name is in the event's envelope."""
    state.hash = body.target
    state.image.apply(body.memory)
    for branch, delta in body.branches.items():
        state.threads[branch].image.apply(delta)
    for activity, commands in body.commands.items():
        state.pending[activity].commands = commands
    if body.states:
        _rename(state, body.states)
    if body.entered is not None:
        state.active = {name: state.active.get(name, state.since) for name in body.entered}
    return state


def _rename(state: RunState, states: dict[str, str]) -> None:
    """Call everything by the new names; what was asked for, and by what id, stays as it is."""
    for activity in state.pending.values():
        _rename_activity(activity, states)
    for branch in state.threads.values():
        branch.state = states.get(branch.state, branch.state)
    for done in state.stack:
        done.state = states.get(done.state, done.state)
    state.active = {states.get(name, name): since for name, since in state.active.items()}
    state.remembered = {
        states.get(history, history): [states.get(name, name) for name in back]
        for history, back in state.remembered.items()
    }


def _rename_activity(activity: Activity, states: dict[str, str]) -> None:
    activity.state = states.get(activity.state, activity.state)
    within = activity.within
    if within is not None and within.state in states:
        activity.within = _renamed(within, states)
    join = activity.join
    if join is not None:
        join.calls = [
            msgspec.structs.replace(call, place=states.get(call.place, call.place))
            for call in join.calls
        ]


def _renamed(within: Within, states: dict[str, str]) -> Within:
    return msgspec.structs.replace(within, state=states[within.state])


HANDLERS: dict[str, Callable[[RunState, Event, Any], None]] = {
    RunMigrated.__name__: _run_migrated,
}
"""What folds these events."""
