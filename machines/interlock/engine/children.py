"""Runs that a run starts and waits for: started once, cancelled and compensated with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from interlock.engine.failures import rebuild, record_whole_failure
from interlock.engine.session import Mover, Session, record_stopped
from interlock.machines.errors import ChildRefused, Refused
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.projections import Activity, RunState, fold, load_state
from interlock.projections.alone import is_left_alone
from interlock.store.contract import FINISHED
from interlock.store.errors import InterlockError, StoreError, UnknownType, Unrecordable
from interlock.store.event import Actor
from interlock.store.failure import Failure
from interlock.store.joining import ChildEnded, CompensationRequested
from interlock.store.values import decode_whole, encode_whole
from interlock.store.vocabulary import UndoFailed, UndoSucceeded

if TYPE_CHECKING:
    from interlock.engine.core import Core
    from interlock.engine.making import Record


async def look_after(engine: Core, session: Session, activity: Activity) -> Record | None:
    """Start a child, cancel it, or find that it has ended: the outcome to record, None for none."""
    entry = await engine.store.entry(activity.child)
    left_alone = activity.stopping and is_left_alone(session.state, activity)
    if entry is None:
        if activity.stopping and not left_alone:
            return record_stopped
        failed = await _start(engine, session, activity)
        return record_stopped if left_alone and failed is None else failed
    if left_alone:
        return record_stopped
    finished = entry.status in FINISHED
    begun = fold(await engine.store.read(activity.child, upto=1))
    if (begun.parent, begun.parent_activity) != (session.run, activity.id):  # else of this call
        return record_stopped if activity.stopping else _refused(engine, session, _taken(activity))
    if finished:
        return _ended(engine, session, await load_state(engine.store, activity.child))
    if activity.stopping:
        await _cancel(engine, session, activity)
    return None


async def _start(engine: Core, session: Session, activity: Activity) -> Record | None:
    from interlock.engine.starting import start_run  # it uses what drives runs

    program = engine.programs.find(activity.name)
    try:
        if program is None or isinstance(program, LifecycleProgram):
            message = f"there is no workflow {activity.name!r} here; import its module"
            raise ChildRefused(message)
        args, kwargs = _input(engine, session, activity)
        await engine.programs.define(engine.store, program)
        parent = (session.run, activity.id)
        await start_run(
            engine, program, activity.child, args, kwargs, Actor("system", session.run),
            parent=parent, correlation=session.correlation,
        )  # fmt: skip
    except (Unrecordable, UnknownType) as error:  # what it is given means nothing to it
        return _refused(engine, session, str(error))
    except StoreError:
        raise
    except InterlockError as error:  # it cannot be started, now or later
        return _refused(engine, session, str(error))
    return None


def _input(
    engine: Core, session: Session, activity: Activity
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    types = engine.types_of(session.machine, session.hash)
    kwargs = {name: decode_whole(types, value) for name, value in activity.kwargs.items()}
    return tuple(decode_whole(types, value) for value in activity.args), kwargs


def _taken(activity: Activity) -> str:
    return f"the id {activity.child!r} is taken by a run that this one did not start"


def _refused(engine: Core, session: Session, why: str) -> Record:
    types = engine.types_of(session.machine, session.hash)
    failure = record_whole_failure(types, ChildRefused(why))
    return lambda mover, mine: mover.session.emit(ChildEnded(mine.id, "failed", error=failure))


def _ended(engine: Core, session: Session, child: RunState) -> Record:
    """Its result or error, as the waiting run records it."""
    own = engine.types_of(session.machine, session.hash)
    its = engine.types_of(child.machine, child.hash)
    undoable = bool(child.stack)
    stays = "; ".join(dict.fromkeys(step.why for step in child.irreversible))
    status = child.status
    if status == "completed":
        result = encode_whole(own, child.image.decode(its, child.result))
        return _record(
            lambda mine: ChildEnded(mine.id, status, result, undoable=undoable, irreversible=stays)
        )
    if status == "cancelled":
        reason = child.cancel or "cancelled"
        failure = Failure("CancelledError", f"child {child.run!r} was cancelled: {reason}")
    else:
        failure = record_whole_failure(own, rebuild(child, its))
    return _record(
        lambda mine: ChildEnded(
            mine.id, status, error=failure, undoable=undoable, irreversible=stays
        )
    )


def _record(body: Callable[[Activity], ChildEnded]) -> Record:
    return lambda mover, mine: mover.session.emit(body(mine))


async def _cancel(engine: Core, session: Session, activity: Activity) -> None:
    from interlock.engine.commands import cancel

    try:
        await cancel(
            engine, activity.child, Actor("system", session.run), "its parent was cancelled"
        )
    except Refused:
        return  # it has ended meanwhile, or is undoing what it did: its end will be seen


async def compensate(engine: Core, session: Session, activity: Activity) -> Record | None:
    """Have a completed child undo what it did; the outcome once it has, None before."""
    from interlock.engine.commands import accept

    state = await load_state(engine.store, activity.child)
    if state.ended == "completed":

        def record(child: Session) -> None:
            if child.state.ended == "completed":
                reason = f"{session.run} undoes what it did"
                child.emit(CompensationRequested(reason), "compensating")

        await accept(engine, activity.child, record, Actor("system", session.run), activity.key)
        return None
    if state.ended == "cancelled":
        return _undone
    if state.ended is not None:
        return _not_undone
    return None


def _undone(mover: Mover, mine: Activity) -> None:
    mover.session.emit(UndoSucceeded(mine.id, mine.of))


def _not_undone(mover: Mover, mine: Activity) -> None:
    failure = Failure("CompensationFailed", f"child {mine.child!r} could not be undone completely")
    mover.session.emit(UndoFailed(mine.id, mine.of, mine.attempt, failure))
