"""What most folds do: begin an activity, or end one and tell whoever waits for it."""

from __future__ import annotations

from interlock.projections.run import Activity, Joined, Outcome, RunState, Thread
from interlock.store.event import Event
from interlock.store.values import Image
from interlock.store.within import Within


def move(state: RunState, activity: Activity) -> None:
    """Begin an activity; code that waits for something new waits for nothing else any more."""
    if state.lifecycle:
        state.visits += 1
        state.pending[activity.id] = activity
        return
    within = activity.within
    if within is None:  # the workflow itself waits for it, as most often
        state.visits += 1
        state.pending.pop(state.current, None)
        state.current = activity.id
    elif not within.join:
        thread = state.thread(activity)
        thread.visits += 1
        if not within.handle:
            state.pending.pop(thread.current, None)
            thread.current = activity.id
            if isinstance(thread, Thread):
                thread.state = activity.state
    else:
        join = joined(state, within.join)
        join.active[activity.id] = within.index
        join.begun = within.index + 1
    state.pending[activity.id] = activity


def joined(state: RunState, join: str) -> Joined:
    """What a join has come to."""
    found = state.pending[join].join
    assert found is not None  # it is one
    return found


def over(state: RunState, activity: Activity, outcome: Outcome) -> None:
    """An activity has an outcome: tell whoever waits for it."""
    within = activity.within
    if within is None or not (within.join or within.handle):
        activity.status = "done"
        activity.outcome = outcome
        return
    del state.pending[activity.id]
    if within.handle:
        state.handles[activity.id] = outcome
    else:
        _tell(state, within.join, within.index, activity.id, outcome)
    for join, index in activity.watchers:
        _tell(state, join, index, activity.id, outcome)


def _tell(state: RunState, join: str, index: int, member: str, outcome: Outcome) -> None:
    waiting = state.pending.get(join)
    if waiting is not None and waiting.join is not None:
        waiting.join.active.pop(member, None)
        told(waiting.join, index, outcome)


def told(join: Joined, index: int, outcome: Outcome) -> None:
    """One of a join's calls is over."""
    join.outcomes[index] = outcome
    if outcome.kind in ("error", "timed out", "cancelled"):
        join.failed.append(index)
    elif join.first < 0:
        join.first = index


def image_of(state: RunState, within: Within | None) -> Image:
    """The variables that an activity's code sees."""
    return state.image if within is None else state.threads.get(within.thread, state).image


def state_of(event: Event, within: Within | None) -> str:
    """The state that an activity belongs to."""
    return event.state if within is None or not within.state else within.state
