"""Completed calls that are about to be undone: input and result, read back from history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from interlock.engine.inputs import recorded_arguments
from interlock.projections import Activity, RunState, Undoable, evolve, find_state
from interlock.projections.moving import image_of
from interlock.store.event import Event
from interlock.store.forking import CallAnswered
from interlock.store.values import Types, decode_whole
from interlock.store.vocabulary import StepResolved, StepSucceeded

if TYPE_CHECKING:
    from interlock.engine.core import Core
    from interlock.engine.session import Session

PastCall: TypeAlias = tuple[Any, list[Any], dict[str, Any]]
"""Result, arguments and keyword arguments of a completed call: copies of its own."""

PAGE = 500
"""Calls that are read back at a time: reading each by itself would read the log once for each."""


async def past_call(engine: Core, session: Session, of: str) -> PastCall:
    """Result and input of a completed call, as they were when it was made."""
    if of not in session.past_calls:
        stack = session.state.stack
        last = next(i for i in range(len(stack) - 1, -1, -1) if stack[i].activity == of)
        wanted = [e for e in stack[max(0, last + 1 - PAGE) : last + 1] if not e.child]
        upto = max(entry.succeeded for entry in wanted)
        before = min(entry.scheduled for entry in wanted) - 1
        state = (await find_state(engine.store, session.run, upto=before)).state
        events = await engine.store.read(session.run, after=before, upto=upto)
        types = engine.types_of(session.machine, session.hash)
        session.past_calls = _read_back(state, events, wanted, stack[last], types)
    return session.past_calls.pop(of)


def _read_back(
    state: RunState | None,
    events: Iterable[Event],
    wanted: Sequence[Undoable],
    first: Undoable,
    types: Types,
) -> dict[str, PastCall]:
    """The calls that can be read back; of the first one, what is wrong is raised."""
    begun = {entry.scheduled: entry for entry in wanted}
    done = {entry.succeeded: entry for entry in wanted}
    inputs: dict[str, tuple[Activity, list[Any], dict[str, Any]]] = {}
    found: dict[str, PastCall] = {}
    for event in events:
        state = evolve(state, event)
        entry = begun.get(event.version) or done.get(event.version)
        if entry is None:
            continue
        try:
            if event.version == entry.scheduled:
                activity = state.pending[entry.activity]
                inputs[entry.activity] = (activity, *recorded_arguments(state, activity, types))
            elif entry.activity in inputs:
                activity, args, kwargs = inputs.pop(entry.activity)
                found[entry.activity] = (_result(state, event, activity, types), args, kwargs)
        except Exception:
            if entry is first:
                raise  # the others have their turn yet
    return found


def _result(state: RunState, event: Event, activity: Activity, types: Types) -> Any:
    body = event.body
    if isinstance(body, CallAnswered):
        return decode_whole(types, body.result)
    assert isinstance(body, StepSucceeded | StepResolved)  # this event recorded the outcome
    return image_of(state, activity.within).decode(types, body.result)
