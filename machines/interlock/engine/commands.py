"""Commands from outside: accepted and recorded, or refused with what would be accepted."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from interlock.engine.abandoning import (
    Children,
    abandon,
    abandon_undone,
    cancel_children,
    has_to_undo,
    may_abandon,
)
from interlock.engine.alarms import ring
from interlock.engine.errors import BadInput, DefinitionChanged, UnknownMachine, UnknownRun
from interlock.engine.in_time import NeedsCode, came_in_time
from interlock.engine.lifecycles import AFTER, LifecycleRun
from interlock.engine.moving_over import goes_on
from interlock.engine.privacy import refuse_forgotten
from interlock.engine.session import Decide, Session
from interlock.machines.command import Command
from interlock.machines.errors import Refused
from interlock.machines.ir import Machine
from interlock.projections import RunState
from interlock.projections.held import held_cause
from interlock.store import crash
from interlock.store.clock import uuid7
from interlock.store.contract import Timer
from interlock.store.errors import Conflict, DuplicateCommand, StoreError
from interlock.store.event import Actor
from interlock.store.joining import BatchBegun
from interlock.store.values import Types, encode_whole
from interlock.store.vocabulary import (
    CancelRequested,
    CommandReceived,
    SleepEnded,
    WaitTimedOut,
)

if TYPE_CHECKING:
    from interlock.engine.core import Core


async def send(engine: Core, run: str, command: Command, actor: Actor, command_id: str) -> None:
    """Give a lifecycle a command to decide on, or put it into a workflow's inbox.

    Raises:
        BadInput: it is no command.
    """
    _check_command(command)
    command_id = command_id or str(uuid7(engine.clock.now()))
    machine = await definition_of_run(engine, run)
    accepts = () if machine is None else machine.commands
    name = type(command).__name__

    def decide(session: Session) -> None:
        state = session.state
        if state.lifecycle and state.ended == "cancelled":  # given up, wherever it stands
            raise _refused(state, f"run {run!r} is cancelled; it takes no command any more", ())
        if state.lifecycle:
            _lifecycle(engine, session).command(command)
            return
        if state.closed:
            raise _refused(state, f"{name} was refused: run {run!r} is {state.status}", ())
        if name not in accepts:
            what = f"accepts {', '.join(accepts)}" if accepts else "waits for no commands"
            message = f"{name} was refused: {state.machine!r} {what}"
            raise _refused(state, message, accepts)
        types = Types(vault=engine.vault)
        types.collect(type(command))
        value = encode_whole(types, command)
        refuse_forgotten(engine.vault, [value])
        session.emit(CommandReceived(name, value))

    await accept(engine, run, decide, actor, command_id)


def _check_command(command: object) -> None:
    if not isinstance(command, Command):
        name = command.__name__ if isinstance(command, type) else "Pay"
        message = f"{command!r} is no command; send one that was made: {name}(...)"
        raise BadInput(message)


async def definition_of_run(engine: Core, run: str) -> Machine | None:
    """The definition that a run follows, None when nobody has it.

    Raises:
        UnknownRun: there is no such run.
    """
    entry = await engine.store.entry(run)
    if entry is None:
        raise _unknown(engine, run)
    return await machine_of(engine, entry.machine, entry.hash)


async def machine_of(engine: Core, name: str, digest: str) -> Machine | None:
    """The definition that a run follows: this program's if it is the same, else the store's."""
    program = engine.programs.find(name, digest)
    if program is not None and program.machine.hash == digest:
        return program.machine
    definition = await engine.store.definition(digest)
    return None if definition is None else Machine.from_json(definition.ir)


def _lifecycle(engine: Core, session: Session) -> LifecycleRun:
    if not isinstance(session.mover, LifecycleRun):
        why = engine.held.get(session.run) or f"machine {session.machine!r} is not imported here"
        if held_cause(why) == "definition_changed":
            message = f"nothing was recorded, for {session.run!r} cannot go on: {why}"
            raise DefinitionChanged(message)
        message = f"{why}; so its guards cannot be asked"
        raise UnknownMachine(message)
    return session.mover


async def cancel(
    engine: Core, run: str, actor: Actor, reason: str, *, undo: bool = True, wakes: bool = True
) -> None:
    """Record that a run should be cancelled, and interrupt its call.

    Without `undo` it ends at once, and what it did stays: only where nobody can go on with it.
    """
    told = await goes_on(engine, run)  # the new code is told, and cleans up
    children, timers = Children(), list[str]()
    if not told and await engine.store.entry(run):
        before = (await engine.sessions.get(run)).state
        if may_abandon(engine, before, undo=undo):
            children = await cancel_children(engine, before)
            if before.lifecycle:  # no code says any more which timers its states have
                timers = [timer.name for timer in await engine.store.timers(run)]

    def record(session: Session) -> None:
        state = session.state
        if state.ended is not None or (state.compensation is not None and undo):
            message = f"run {run!r} is {state.status} and cannot be cancelled any more"
            raise _refused(state, message, ())
        if state.lifecycle and (undo or told or not may_abandon(engine, state, undo=undo)):
            raise _refused(state, f"{run!r} is a lifecycle; {_for_lifecycles(engine, state)}", ())
        alone = not told and may_abandon(engine, state, undo=undo)
        if not undo and not alone:
            raise _refused(state, f"run {run!r} {_CAN_BE_TOLD}", ())
        at_once = alone and not has_to_undo(state, children)
        if state.cancel is None:
            session.emit(CancelRequested(reason))
            recorded.append(session)
        if not undo:
            session.cleared.update(timers)
            abandon_undone(session, state.cancel or reason, children)
        elif at_once:
            abandon(session, state.cancel or reason)

    recorded: list[Session] = []
    await accept(engine, run, record, actor, str(uuid7(engine.clock.now())), wakes=wakes)
    if recorded:  # a second request must not disturb what the run does about the first
        engine.drivers.interrupt(run, recorded[-1].version)


async def fire(engine: Core, timer: Timer) -> None:
    """A timer is due: record what that ends, and drive the run."""
    try:
        if timer.name.startswith(AFTER):
            await _expire(engine, timer)
        else:
            await _elapse(engine, timer)
    except UnknownRun as error:
        engine.held[timer.run] = str(error)
    except UnknownMachine as error:
        await engine.drivers.hold_timer(timer.run, error.message)
    except StoreError:
        raise  # to be tried again
    except Exception as error:  # the author's code failed, and nobody asked for it
        await engine.drivers.stand_still(timer.run, error)


async def _expire(engine: Core, timer: Timer) -> None:
    """Take a lifecycle's transition, if the timer is still the one that the store knows."""
    while True:
        version = (await engine.store.head(timer.run)).version
        if timer not in await engine.store.timers(timer.run):
            return

        def record(session: Session, expected: int = version) -> None:
            if session.version != expected:
                raise Conflict(session.run, expected)
            _lifecycle(engine, session).expire(timer.name.removeprefix(AFTER))

        try:
            await accept(engine, timer.run, record, Actor("timer", timer.name), "")
        except Conflict:
            continue
        except Refused:
            pass  # the run has left the timer's state
        return


async def _elapse(engine: Core, timer: Timer) -> None:
    """End a sleep or a wait; wake a run whose call is to be made again."""

    def record(session: Session) -> None:
        if session.state.follows:
            return  # what time ends in a fork is said by the one it was forked from
        activity = session.state.pending.get(timer.name)
        if activity is None:
            ring(engine, session, timer)
            return
        if activity.due is None or activity.status == "done":
            return
        if activity.kind == "sleep":
            session.emit(SleepEnded(activity.id))
        elif activity.kind in ("approval", "wait"):
            if not came_in_time(session, activity):
                session.emit(WaitTimedOut(activity.id))
        elif activity.kind == "join":
            session.emit(BatchBegun(activity.id))

    actor = Actor("timer", timer.name)
    try:
        await accept(engine, timer.run, record, actor, "")
    except NeedsCode:
        with suppress(NeedsCode):  # the run is held
            await accept(engine, timer.run, record, actor, "", asks=True)


async def accept(
    engine: Core,
    run: str,
    record: Decide,
    actor: Actor,
    command_id: str,
    *,
    asks: bool = False,
    wakes: bool = True,
) -> None:
    """Append what `record` decides, on whatever the log says by then; then drive the run.

    With `asks` it is decided with the run's program at hand, if this process has it. Without
    `wakes` the run is not driven: what is recorded says nothing of what it does.
    """
    engine.check_open()
    engine.sessions.hold(run)
    try:
        while True:
            session = await engine.sessions.get(run)
            if not session.exists:
                raise _unknown(engine, run)
            if asks or (wakes and session.state.lifecycle):
                await engine.mover(session)
            async with session.lock:
                if session.broken:
                    continue
                session.by(actor, command_id)
                try:
                    session.decide(partial(record, session))
                except Refused:
                    if await _accepted_before(engine, run, command_id):
                        return
                    if await _is_behind(engine, session):
                        continue
                    raise
                try:
                    await engine.flush(session, command_id)
                except Conflict:
                    continue
                except DuplicateCommand as error:
                    if error.stream != run:
                        raise
                    return
            break
        crash.reached("engine.command_accepted")
        if wakes and (not session.idle or session.state.fork is not None):
            engine.wake(run)
    finally:
        engine.sessions.release(run)


async def _is_behind(engine: Core, session: Session) -> bool:
    """Whether another process moved a run that is in memory here, and nobody told us yet."""
    head = await engine.store.head(session.run)
    behind = head.version > session.version
    session.broken = session.broken or behind
    return behind


async def _accepted_before(engine: Core, run: str, command_id: str) -> bool:
    """Whether a command that is refused now is the repetition of one that moved the run on."""
    known = await engine.store.command(command_id) if command_id else None
    return known is not None and known[0] == run


def _for_lifecycles(engine: Core, state: RunState) -> str:
    """How a lifecycle is ended."""
    if not state.held and not may_abandon(engine, state, undo=False):
        return "send it the command that cancels it"
    return (
        "it cannot go on, and takes no command that would end it: undo=False (--without-undo) "
        "ends it where it stands"
    )


_CAN_BE_TOLD = (
    "can still be told: cancel it, and it undoes what it did. Without that only a run is ended "
    "that is held, or whose code its worker does not have"
)


def _unknown(engine: Core, run: str) -> UnknownRun:
    return UnknownRun(f"there is no run {run!r} in {engine.store.url}")


def _refused(state: RunState, message: str, accepts: tuple[str, ...]) -> Refused:
    return Refused(message, run=state.run, state=state.state, accepts=accepts)
