"""Giving a lifecycle the commands and the times that another one was given."""

from __future__ import annotations

from typing import cast

from interlock.engine.failures import message_of
from interlock.engine.forks.source import Source
from interlock.engine.lifecycles import LifecycleRun
from interlock.machines.command import Command
from interlock.machines.errors import HandlerFailed, Refused
from interlock.projections import Forked
from interlock.projections.recorded import Record
from interlock.store.errors import Unrecordable
from interlock.store.event import Event
from interlock.store.forking import OutcomeReplayed
from interlock.store.values import decode_whole
from interlock.store.vocabulary import CommandIgnored, CommandReceived, TransitionTaken


def replay_next(
    mover: LifecycleRun, own: Record, source: Source, fork: Forked, before: int | None
) -> bool:
    """Take the next command or instant that the parent took, if it took it `before` a version.

    What is refused here is recorded as refused, and the next one is tried.
    """
    session = mover.session
    event = _next(own, source, fork)
    if event is None or (before is not None and event.version > before):
        return False
    if session.state.ended is not None:
        return False
    who, cause = session.actor, session.cause
    session.by(event.actor, event.cause)
    try:
        _take(mover, event)
    except (Refused, HandlerFailed, Unrecordable) as error:
        session.by(who, cause)
        session.emit(OutcomeReplayed(source.run, event.version, refused=message_of(error)))
        return True
    session.by(who, cause)
    session.emit(OutcomeReplayed(source.run, event.version))
    return True


def _take(mover: LifecycleRun, event: Event) -> None:
    body = event.body
    if isinstance(body, TransitionTaken) and not body.command:
        mover.expire(body.transition)
        return
    assert isinstance(body, TransitionTaken | CommandReceived | CommandIgnored)  # see `_next`
    mover.command(cast("Command", decode_whole(mover.program.types, body.value)))


def _next(own: Record, source: Source, fork: Forked) -> Event | None:
    """The next event of the parent that something from outside led to."""
    replayed = (event.body for event in own.events[fork.taken :])
    done = [b.version for b in replayed if isinstance(b, OutcomeReplayed) and not b.activity]
    last = max([fork.version, fork.taken, *done])
    for event in source.record.events[last:]:
        body = event.body
        if isinstance(body, TransitionTaken) and not body.deferred:
            if body.command or event.actor.kind == "timer":
                return event
        elif isinstance(body, CommandReceived) or (
            isinstance(body, CommandIgnored) and not body.deferred
        ):
            return event
    return None
