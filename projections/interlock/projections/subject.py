"""What an event is about: its activity, the branch or item it belongs to, and its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from interlock.projections.address import branches, member_name, node_of
from interlock.projections.fold import evolve
from interlock.projections.run import Activity, RunState
from interlock.store.event import Event


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about.

    Attributes:
        activity: what it is about, None for the run itself. It changes as the run goes on.
        branch: the names of the branches and items that it belongs to, outer ones first.
        place: the machine's state that it belongs to.
        thread: id of the branch whose code asked for it, "" for the workflow itself.
    """

    activity: Activity | None = None
    branch: tuple[str, ...] = ()
    place: str = ""
    thread: str = ""

    @property
    def step(self) -> str:
        """Name of the step, approval, command types, workflow or helper; "" for none."""
        named = self.activity is not None and self.activity.kind not in ("join", "sleep")
        return self.activity.name if named and self.activity is not None else ""


def subject_of(state: RunState | None, event: Event) -> Subject | None:
    """What an event is about, as a state knows it; None where that is not pending in it."""
    activity = None if state is None else state.pending.get(getattr(event.body, "activity", ""))
    if state is None or activity is None:
        return None
    return Subject(activity, _branch(state, activity, event), node_of(state, activity),
                   activity.thread)  # fmt: skip


def _branch(state: RunState, activity: Activity, event: Event) -> tuple[str, ...]:
    found = branches(state, activity)
    within = activity.within
    if event.type == "ActivityStopped" and within is not None and within.join:
        join = state.pending[within.join].join  # of a call without a name of its own, say which
        named = "" if join is None else member_name(join, within.index)
        found = found if named in found else [*found, named]
    return tuple(found)


def read_through(
    events: Iterable[Event], state: RunState | None = None
) -> Iterator[tuple[Event, RunState, Subject]]:
    """Every event of a run, with the state after it and what it is about.

    The state is the same object each time: read it before the next event.

    Args:
        events: from its first; or from the one after `state`, which is used up.
    """
    nobody = Subject()
    for event in events:
        before = subject_of(state, event)
        state = evolve(state, event)
        yield event, state, before or subject_of(state, event) or nobody
