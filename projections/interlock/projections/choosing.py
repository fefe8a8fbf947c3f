"""Choosing among the events of a run: by state, actor, step, type and branch."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from interlock.projections.run import RunState
from interlock.projections.subject import Subject, read_through
from interlock.store.event import Event

Wanted: TypeAlias = str | Collection[str]
"""A name, or several of which one has to fit; no name at all fits everything."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What events are wanted: all that is given has to fit. See `History.filter`."""

    state: Wanted = ()
    actor: Wanted = ()
    step: Wanted = ()
    type: Wanted = ()
    branch: Wanted = ()


def chosen(events: Sequence[Event], wanted: Chosen) -> Iterator[int]:
    """The versions of the events that fit."""
    states, steps, branches = (_names(w) for w in (wanted.state, wanted.step, wanted.branch))
    types, actors = _names(wanted.type), _names(wanted.actor)
    if not (states or steps or branches):
        yield from (e.version for e in events if _is(e, types, actors))
        return
    for event, state, subject in read_through(events):
        if (
            _is(event, types, actors)
            and (not states or states & _places(event, state, subject))
            and (not steps or steps & _steps(event, subject))
            and (not branches or any(_inside(subject, branch) for branch in branches))
        ):
            yield event.version


def choices(events: Sequence[Event]) -> Chosen:
    """All the names that there are to choose by in the events of a run, in order."""
    states, actors, steps, types, branches = (dict[str, None]() for _ in range(5))
    for event, _, subject in read_through(events):
        states[event.state] = types[event.type] = None
        actors[event.actor.id or event.actor.kind] = None
        if subject.step:
            steps[subject.step] = None
        if subject.branch:
            branches["/".join(subject.branch)] = None
    return Chosen(*(tuple(names) for names in (states, actors, steps, types, branches)))


def _names(wanted: Wanted) -> frozenset[str]:
    return frozenset([wanted] if isinstance(wanted, str) and wanted else wanted)


def _is(event: Event, types: frozenset[str], actors: frozenset[str]) -> bool:
    if types and event.type not in types:
        return False
    who = event.actor
    return not actors or bool(actors & {who.kind, who.id, f"{who.kind}:{who.id}"})


def _places(event: Event, state: RunState, subject: Subject) -> set[str]:
    """The names of the states that an event is in."""
    found = {event.state, *state.configuration}
    if subject.activity is not None:
        found |= {subject.place, subject.activity.state}
    return found


def _steps(event: Event, subject: Subject) -> set[str]:
    """What an event calls its step: an undo has the name of its own and that of the step."""
    named = (getattr(event.body, name, "") for name in ("step", "undo", "name", "command"))
    return {subject.step, *subject.step.split(" or "), *filter(None, named)} - {""}


def _inside(subject: Subject, branch: str) -> bool:
    path = "/".join(subject.branch)
    activity = subject.activity
    ids = (subject.thread, "" if activity is None else activity.id)
    return path == branch or path.startswith(f"{branch}/") or branch in ids
