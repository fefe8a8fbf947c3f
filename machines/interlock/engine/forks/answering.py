"""What a person says to a call that a fork asks about."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from interlock.engine import commands
from interlock.engine.doubts import declared
from interlock.engine.failures import record_whole_failure
from interlock.engine.forks.following import follow
from interlock.engine.session import Session
from interlock.machines.errors import Refused
from interlock.machines.errors import StepFailed as StepFailedError
from interlock.machines.ir import Machine
from interlock.projections import Activity, address
from interlock.store.clock import uuid7
from interlock.store.event import Actor
from interlock.store.failure import Failure
from interlock.store.forking import Answer, CallAnswered
from interlock.store.values import encode_whole

if TYPE_CHECKING:
    from interlock.engine.core import Core


async def answer(
    engine: Core,
    run: str,
    step: str,
    how: Answer,
    value: object,
    actor: Actor,
    reason: str,
) -> None:
    """Record what becomes of a call; the run goes on with it. See `Engine.answer`."""
    machine = await commands.definition_of_run(engine, run)

    def record(session: Session) -> None:
        if how not in get_args(Answer):
            text = f"{how!r} is no answer; say {', '.join(get_args(Answer))}"
            raise _refused(session, text)
        activity = _asked(session, step)
        session.emit(_answered(engine, session, activity, machine, how, value, reason))

    engine.sessions.hold(run)  # what is read of it is what is decided on
    try:
        if how == "recorded":  # whether there is anything is read before it is promised
            await follow(engine, await engine.sessions.get(run))
        await commands.accept(engine, run, record, actor, str(uuid7(engine.clock.now())), asks=True)
    finally:
        engine.sessions.release(run)


def _answered(
    engine: Core,
    session: Session,
    activity: Activity,
    machine: Machine | None,
    how: Answer,
    value: object,
    reason: str,
) -> CallAnswered:
    if how in ("live", "recorded"):
        _check(session, activity, how)
        calls = engine.driving and session.mover is not None
        return CallAnswered(activity.id, how, reason=reason, client=not calls)
    if activity.kind == "undo":
        if how == "error":
            text = (
                f"an undo of {activity.name} does not fail by an answer: say that it is done "
                "(value, or --result null), or have it called (live, or --live)"
            )
            raise _refused(session, text)
        return CallAnswered(activity.id, how, reason=reason)
    types = engine.types_of(session.machine, session.hash)
    if how == "error":
        return CallAnswered(activity.id, how, error=_failure(engine, session, value, activity))
    undoable, irreversible = False, ""
    if activity.kind == "step":
        undoable, irreversible = declared(session, activity, machine)
    return CallAnswered(
        activity.id, how, encode_whole(types, value), undoable=undoable, irreversible=irreversible,
        reason=reason,
    )  # fmt: skip


def _check(session: Session, activity: Activity, how: Answer) -> None:
    fork = session.state.fork
    parent = "" if fork is None else fork.parent
    if how == "live" and activity.kind == "undo" and activity.child:
        text = f"what {activity.child} did is undone there, not by a fork; say value if it is"
        raise _refused(session, text)
    following = session.following
    if how == "recorded" and following is not None and not following.recorded(activity.id):
        text = f"{parent} recorded no outcome of {activity.name}; give a value, or say live"
        raise _refused(session, text)


def _failure(engine: Core, session: Session, value: object, activity: Activity) -> Failure:
    """What the call raises: an exception, or `StepFailed` with a text."""
    types = engine.types_of(session.machine, session.hash)
    if StepFailedError not in types:  # the run's code is not imported here
        types.collect(StepFailedError)
    if isinstance(value, BaseException):
        return record_whole_failure(types, value, activity.name)
    return record_whole_failure(types, StepFailedError(str(value), activity.name), activity.name)


def _asked(session: Session, step: str) -> Activity:
    """The call of this step, state, address or activity that is asked about."""
    state = session.state
    asked = [a for a in state.pending.values() if a.status == "asked"]
    found = [a for a in asked if step in _names(session, a)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(a.id for a in found)
        raise _refused(
            session, f"run {state.run!r} asks about several calls of {step!r}: say {ids}"
        )
    names = ", ".join(_names(session, a)[0] for a in asked) or "nothing"
    if state.fork is None:
        raise _refused(session, f"run {state.run!r} is no fork, and asks about nothing")
    raise _refused(
        session, f"run {state.run!r} does not ask about {step!r}; it asks about: {names}"
    )


def _names(session: Session, activity: Activity) -> list[str]:
    """What an asked call may be called."""
    if activity.kind == "undo":
        steps = [e.step for e in session.state.stack if e.activity == activity.of]
        return [activity.id, activity.name, activity.of, *(f"undo {step}" for step in steps)]
    where = address(session.state, activity)
    return [where, activity.name, activity.state, activity.id, activity.child]


def _refused(session: Session, message: str) -> Refused:
    return Refused(message, run=session.run, state=session.state.state)
