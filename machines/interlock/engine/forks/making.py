"""Making a fork: a new run from an instant of another one, noted in the histories of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from interlock.engine import commands
from interlock.engine.after import after_timers
from interlock.engine.caller import Caller, draft_by
from interlock.engine.errors import InputMismatch, UnknownMachine, UnknownRun
from interlock.engine.session import Session
from interlock.engine.starting import check_id
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.projections import History, NotOfThatType, RunState, entry_of, evolve, fold
from interlock.projections.resting import last_rest
from interlock.projections.setting import set_values
from interlock.projections.timers import timers_of
from interlock.store.contract import Commit, Draft, Head, Timer
from interlock.store.errors import Conflict
from interlock.store.event import Actor, Encoded, Event
from interlock.store.forking import FOLLOW, Effects, ForkMade, RunForked
from interlock.store.values import Memory
from interlock.store.vocabulary import RunStarted

if TYPE_CHECKING:
    from interlock.engine.core import Core


@dataclass(frozen=True, slots=True)
class Wanted:
    """A fork as somebody asks for it.

    Attributes:
        run: the run that is forked.
        at: version or instant, None for its last event.
        values: new values of variables, by path.
        effects: what becomes of its calls.
        waiting: the run that waits for it, and where.
    """

    run: str
    at: int | datetime | None = None
    values: Mapping[str, object] = field(default_factory=dict[str, object])
    effects: Effects = "recorded"
    waiting: tuple[str, str] = ("", "")


async def make_fork(engine: Core, wanted: Wanted, name: str | None, actor: Actor) -> str:
    """Append the fork's beginning, unless it is there; its id. See `Engine.fork`."""
    events = await engine.store.read(wanted.run)
    if not events or wanted.run.startswith("$"):
        message = f"there is no run {wanted.run!r} in {engine.store.url}"
        raise UnknownRun(message)
    body, taken = _forked(engine, events, wanted)
    number = 1
    while True:
        run = name if name is not None else f"{wanted.run}.fork-{number}"
        check_id(run)
        there = await engine.store.read(run)
        if there:
            if name is not None:
                _check_same(run, there, body, wanted)
                break
            number += 1
            continue
        try:
            await _append(engine, run, taken, body, actor)
        except Conflict:
            continue
        break
    await note_fork(engine, run, body, actor)
    engine.wake(run)
    return run


def _forked(
    engine: Core, events: Sequence[Event], wanted: Wanted
) -> tuple[RunForked, Sequence[Event]]:
    """The event that makes the fork, and the events that it takes over."""
    version = len(events) if wanted.at is None else len(History(events).until(wanted.at))
    taken = events[: last_rest(events, version)]
    state = fold(taken)
    types = engine.programs.types(state.machine, state.hash)
    roots = _roots(engine, state, taken)
    delta, changes = set_values(state.image, roots, wanted.values, types)
    body = RunForked(
        wanted.run, version, wanted.effects, taken[-1].at, changes, delta, *wanted.waiting
    )
    if delta is not None:
        state.image.apply(delta)
        _check_types(engine, state, wanted)
    return body, taken


def _roots(engine: Core, state: RunState, taken: Sequence[Event]) -> dict[str, Encoded]:
    """What may be set: the variables, or the input of a run that has not come to an await."""
    named = {
        name: held
        for name, held in state.image.variables.items()
        if not (name.rpartition("/")[2].startswith(".") or "@" in name)
    }
    begun = taken[0].body
    if state.current or state.ended is not None or not isinstance(begun, RunStarted):
        return named
    program = engine.programs.find(state.machine, state.hash)
    if program is None or isinstance(program, LifecycleProgram):
        return named
    given: Any = state.image.decode(program.types, [begun.args, begun.kwargs])
    names = program.bind(tuple(given[0]), given[1])  # parameters, in order
    return dict(zip(names, begun.args, strict=False)) | begun.kwargs


def _check_types(engine: Core, state: RunState, wanted: Wanted) -> None:
    """Refuse a value that the variable's class cannot have, as far as it is known here."""
    types = engine.programs.types(state.machine, state.hash)
    if types is None:
        return
    try:
        Memory.restore(types, state.image)
    except (ValueError, TypeError, KeyError) as error:
        paths = ", ".join(wanted.values)
        message = f"{paths} cannot be set so: {type(error).__name__}: {error}"
        raise NotOfThatType(message) from None


def _check_same(run: str, there: Sequence[Event], body: RunForked, wanted: Wanted) -> None:
    made = next((e.body for e in reversed(there) if isinstance(e.body, RunForked)), None)
    at = made is not None and (wanted.at is None or made.version == body.version)
    if made is None or not at or made.parent != body.parent or made.effects != body.effects:
        what = "it was started" if made is None else f"it is a fork of {made.parent} at "
        what += "" if made is None else f"{made.version}, with effects {made.effects}"
        message = f"run {run!r} exists, and is another one: {what}"
        raise InputMismatch(message)
    if [(c.path, c.after) for c in made.changes] != [(c.path, c.after) for c in body.changes]:
        message = f"run {run!r} exists, and is a fork with other changes of its variables"
        raise InputMismatch(message)


async def _append(
    engine: Core, run: str, taken: Sequence[Event], body: RunForked, actor: Actor
) -> None:
    """All in one commit: without its last event it would be taken for a run of its own."""
    now = max(engine.clock.now(), taken[-1].at)
    head = taken[-1]
    own = Event(
        run, len(taken) + 1, type(body).__name__, "", now, head.machine, head.hash, head.state,
        actor, "", run, "", body,
    )  # fmt: skip
    state: RunState | None = None
    for event in (*(_of(run, event) for event in taken), own):
        state = evolve(state, event)
    assert state is not None  # there is at least one event
    timers = [
        Timer(run, name, due) for name, due in _timers(engine, taken, body, state, now).items()
    ]
    commit = Commit(
        head=Head(),
        entry=entry_of(state),
        drafts=[
            *(_taken_over(event) for event in taken),
            replace(draft_by(body, head.state, actor), at=now),
        ],
        at=taken[0].at,
        correlation=_correlation(run, actor),
        set_timers=timers,
    )
    await engine.store.append(commit)
    if engine.driving:
        engine.timer_service.add(timers)


def _taken_over(event: Event) -> Draft:
    return Draft(
        event.body, event.state, event.actor, event.cause, event.at, reason=event.reason,
        correlation=event.correlation, hash=event.hash,
    )  # fmt: skip


def _correlation(run: str, actor: Actor) -> str:
    asked = actor.correlation if isinstance(actor, Caller) else ""
    return asked or run


def _of(run: str, event: Event) -> Event:
    return replace(event, stream=run, correlation=run)


def _timers(
    engine: Core, taken: Sequence[Event], body: RunForked, state: RunState, now: datetime
) -> dict[str, datetime]:
    timers = timers_of(state)
    if state.ended is None and (state.follows or body.version != len(taken)):
        timers[FOLLOW] = now
    if state.lifecycle and state.ended is None:
        program = engine.programs.find(state.machine, state.hash)
        if not isinstance(program, LifecycleProgram):
            message = (
                f"lifecycle {state.machine!r} is not imported here, so the timers of a fork cannot "
                "be set; import its module first"
            )
            raise UnknownMachine(message)
        later = now - taken[-1].at
        after = after_timers(program, taken, state)
        timers |= {name: due + later for name, due in after.items()}
    return timers


async def note_fork(engine: Core, run: str, body: RunForked, actor: Actor) -> None:
    """Record in the parent's history that it was forked, once."""

    def record(session: Session) -> None:
        paths = [change.path for change in body.changes]
        session.emit(ForkMade(run, body.version, body.effects, paths))

    await commands.accept(engine, body.parent, record, actor, f"{run} forked", wakes=False)
