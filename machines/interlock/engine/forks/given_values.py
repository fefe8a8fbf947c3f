"""What a fork is yet to be given of other runs, and whether a program can read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from interlock.engine.fitting import Fitting
from interlock.engine.forks.source import Source
from interlock.machines.advice import RECORDED
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.places_of import places_of
from interlock.machines.program import Program
from interlock.projections import RunState
from interlock.projections.recorded import Outcome, Record, Recorded
from interlock.store.contract import Store
from interlock.store.forking import CallAnswered, RunForked
from interlock.store.joining import ChildEnded
from interlock.store.values import Image
from interlock.store.vocabulary import CommandReceived, StepResolved, StepSucceeded

_GIVE = (StepSucceeded, StepResolved, CallAnswered, ChildEnded)
"""Outcomes with a value."""


async def sources_of(
    store: Store, run: str, upto: int | None = None
) -> tuple[Record, list[Source]]:
    """What a fork recorded itself, and the records that it is given: its parent's first."""
    own = Record(run)
    own.add(await store.read(run, upto=upto))
    sources = [Source(Record(parent)) for parent in parents(own)]
    return own, sources


def parents(own: Record) -> list[str]:
    """The run that a run was forked from, the one that that one was forked from, …"""
    bodies = [event.body for event in own.events]
    return [body.parent for body in reversed(bodies) if isinstance(body, RunForked)]


async def unfit(
    store: Store, program: Program | LifecycleProgram, state: RunState, fitting: Fitting
) -> tuple[tuple[str, str], ...]:
    """What a fork may be given and a program cannot read: its name, and what is wrong with it.

    Nothing is said of calls that the program does not make any more.
    """
    fork = state.fork
    if fork is None or state.closed:
        return ()
    own, sources = await sources_of(store, state.run)
    for source in sources:
        source.record.add(await store.read(source.run))
    given = _Given(own, sources, state, fitting)
    found = [*given.pending()]
    if (
        fork.effects == "recorded"
        and state.compensation is None
        and not isinstance(program, LifecycleProgram)
    ):
        found += given.later(_calls_of(program))
        found += given.commands(program.machine.commands)
    return tuple(dict.fromkeys(found))


class _Given:
    """What is recorded for one fork, and not given yet."""

    def __init__(
        self, own: Record, sources: Sequence[Source], state: RunState, fitting: Fitting
    ) -> None:
        self._own = own
        self._sources = sources
        self._state = state
        self._fitting = fitting
        for activity in own.order:  # each call has what stands for it before a later one looks
            for source in sources:
                source.match(own, own.calls[activity])

    def pending(self) -> Iterator[tuple[str, str]]:
        """Of the calls that are under way."""
        fork = self._state.fork
        assert fork is not None  # asked of forks
        for activity in self._state.pending.values():
            call = self._own.calls.get(activity.id)
            if call is None or activity.status == "done" or activity.answer == "live":
                continue
            for source in self._sources:
                known = source.match(self._own, call)
                for outcome in known.outcomes[len(call.outcomes) :] if known else ():
                    first = source is self._sources[0] and outcome.version <= fork.version
                    if first or "recorded" in (fork.effects, activity.answer):
                        yield from self._look(source.run, call, outcome)

    def later(self, calls: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """Of calls that the fork has not come to."""
        for source in self._sources:
            for call in source.record.calls.values():
                if (call.kind, call.name) in calls and not source.is_used(call):
                    for outcome in call.outcomes:
                        yield from self._look(source.run, call, outcome)

    def commands(self, accepted: Sequence[str]) -> Iterator[tuple[str, str]]:
        """What the parent was sent, and the fork was not."""
        source = self._sources[0]
        for event in source.record.inputs:
            body = event.body
            if event.cause in self._own.commands or not isinstance(body, CommandReceived):
                continue
            why = self._fitting.objects(body.value, Image())
            if why and body.command in accepted:
                name = f"command {body.command}"
                yield name, f"{RECORDED}{source.run} was sent as {body.command} holds {why}"

    def _look(self, run: str, call: Recorded, outcome: Outcome) -> Iterator[tuple[str, str]]:
        body = outcome.event.body
        if not isinstance(body, _GIVE):
            return
        image = Image()
        image.nodes = outcome.nodes
        why = self._fitting.objects(body.result, image)
        if why:
            yield f"outcome of {call.name}", f"{RECORDED}{run} recorded of {call.name} holds {why}"


def _calls_of(program: Program) -> set[tuple[str, str]]:
    """The steps that a program calls and the workflows that it runs."""
    found: set[tuple[str, str]] = set()
    for place in places_of(program):
        if place.step is not None:
            found |= {("step", place.step.name), ("undo", place.step.name)}
        if place.child is not None:
            found.add(("child", place.child.name))
    return found
