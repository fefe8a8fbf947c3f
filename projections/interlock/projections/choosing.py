"""Choosing among the events of a run: by state, actor, step, type and branch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from interlock.projections.copying import copy_state
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


def chosen(events: Iterable[Event], wanted: Chosen, since: RunState | None = None) -> Iterator[int]:
    """The versions of the events that fit.

    Args:
        events: from the first, or the one after `since`.
        wanted: what they have to be.
        since: left as it is.
    """
    fits = chooser(wanted)
    begun = None if since is None else copy_state(since)
    if not any(map(_names, (wanted.state, wanted.step, wanted.branch))):
        types, actors = _names(wanted.type), _names(wanted.actor)
        yield from (e.version for e in events if _is(e, types, actors))
        return
    for event, state, subject in read_through(events, begun):
        if fits(event, state, subject):
            yield event.version


Chooser: TypeAlias = Callable[[Event, RunState, Subject], bool]
"""Whether an event is wanted, by the state after it and what it is about."""


def chooser(wanted: Chosen) -> Chooser:
    """What tells whether an event fits all that is given."""
    states, steps, branches = (_names(w) for w in (wanted.state, wanted.step, wanted.branch))
    types, actors = _names(wanted.type), _names(wanted.actor)

    def fits(event: Event, state: RunState, subject: Subject) -> bool:
        return (
            _is(event, types, actors)
            and (not states or bool(states & _places(event, state, subject)))
            and (not steps or bool(steps & _steps(event, subject)))
            and (not branches or any(_inside(subject, branch) for branch in branches))
        )

    return fits


def choices(events: Iterable[Event]) -> Chosen:
    """All the names that there are to choose by in the events of a run, in order."""
    found = Choices()
    for event, _, subject in read_through(events):
        found.take(event, subject)
    return found.chosen


MOST_NAMED = 1_000
"""Names of a kind that are remembered, at most."""


class Choices:
    """The names that there are to choose by, gathered event by event."""

    def __init__(self) -> None:
        self._names = tuple(dict[str, None]() for _ in range(5))

    def take(self, event: Event, subject: Subject) -> None:
        """One more event, and what it is about."""
        actor = event.actor.id or event.actor.kind
        branch = "/".join(subject.branch)
        said = (event.state, actor, subject.step, event.type, branch)
        for names, name in zip(self._names, said, strict=True):
            if name and len(names) < MOST_NAMED:
                names[name] = None

    @property
    def chosen(self) -> Chosen:
        """All of them, in order."""
        return Chosen(*(tuple(names) for names in self._names))


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
