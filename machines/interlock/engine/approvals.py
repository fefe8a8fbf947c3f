"""Decisions on approvals: accepted and recorded, or refused with what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.engine import commands
from interlock.engine.inbox import may_vote
from interlock.engine.rights import Directory, UnknownGroup, groups_of, right_of, who_may
from interlock.engine.session import Session
from interlock.machines.errors import Refused
from interlock.machines.ir import Machine
from interlock.projections import Activity, Approval, Decided, Lapsed, RunState, Voted, address
from interlock.projections.people import escalation
from interlock.store.clock import uuid7
from interlock.store.decisions import (
    ApprovalDelegated,
    ApprovalEscalated,
    ApprovalGranted,
    ApprovalRejected,
    ApprovalVoted,
    Approvers,
)
from interlock.store.event import Actor

if TYPE_CHECKING:
    from interlock.engine.core import Core

_SHORTEST = 8
"""Digits of a digest that are enough to name it."""


@dataclass(frozen=True, slots=True)
class Said:
    """A decision as somebody brings it.

    Attributes:
        granted: yes or no.
        reason: why, in their words.
        facts: digest of the facts that they saw, or its beginning; "" when they do not say.
    """

    granted: bool
    reason: str = ""
    facts: str = ""


async def decide(
    engine: Core, run: str, name: str, said: Said, actor: Actor, command_id: str
) -> None:
    """Take a vote on an approval that is pending."""

    def record(session: Session, directory: Directory, machine: Machine | None) -> None:
        activity = _pending(session, name, machine, directory)
        overtaken(session, activity, notify=engine.notices.wanted)
        _vote(session, activity, said, directory)

    await _accept(engine, run, record, actor, command_id)


async def delegate(
    engine: Core, run: str, name: str, to: str, reason: str, actor: Actor, command_id: str
) -> None:
    """Hand the actor's right to decide over to another."""

    def record(session: Session, directory: Directory, machine: Machine | None) -> None:
        activity = _pending(session, name, machine, directory)
        overtaken(session, activity, notify=engine.notices.wanted)
        rights = _handed(session, activity, to, directory)
        session.emit(
            ApprovalDelegated(activity.id, activity.name, to, rights, reason, engine.notices.wanted)
        )

    await _accept(engine, run, record, actor, command_id)


async def _accept(
    engine: Core,
    run: str,
    record: Callable[[Session, Directory, Machine | None], None],
    actor: Actor,
    command_id: str,
) -> None:
    """Record what was decided; the groups that it depends on are looked up before."""
    machine = await commands.definition_of_run(engine, run)
    directory = Directory.of(engine.groups)
    command_id = command_id or str(uuid7(engine.clock.now()))
    while True:
        session = await engine.sessions.get(run)
        await directory.look_up(groups_of(session.state))
        try:
            await commands.accept(
                engine, run, lambda s: record(s, directory, machine), actor, command_id, asks=True
            )
        except UnknownGroup:  # another approval was asked for meanwhile
            continue
        return


def overtaken(session: Session, activity: Activity, *, notify: bool) -> None:
    """Record the escalations whose instants have come, though no timer has fired yet."""
    approval = activity.approval or Approval()
    who, cause = session.caller, session.cause
    for number, one in enumerate(approval.escalations, 1):
        if number > approval.escalated and one.at <= session.now:
            session.by(Actor("timer", escalation(number)))
            session.emit(ApprovalEscalated(activity.id, activity.name, number, one.at, notify))
    session.by(who, cause)


def _vote(session: Session, activity: Activity, said: Said, directory: Directory) -> None:
    approval = activity.approval or Approval()
    actor = session.actor.id
    before = next((vote for vote in approval.votes if vote.actor.id == actor), None)
    if before is not None:
        message = f"{_of(session, activity.name)}: {actor} has voted already, {_told(before)}"
        raise _refused(session, message)
    _check_facts(session, activity, approval, said)
    right, _ = right_of(session, activity, actor, directory)
    if not actor and (approval.quorum > 1 or approval.rejections > 1):
        raise _refused(session, f"{_of(session, activity.name)} counts people: say who (by=)")
    seen = bool(said.facts)
    votes = approval.count(granted=said.granted) + 1
    if votes < (approval.quorum if said.granted else approval.rejections):
        session.emit(
            ApprovalVoted(
                activity.id, activity.name, said.granted, said.reason, approval.facts, seen, right
            )
        )
        return
    body = ApprovalGranted if said.granted else ApprovalRejected
    session.emit(body(activity.id, activity.name, said.reason, approval.facts, seen, right))


def _check_facts(session: Session, activity: Activity, approval: Approval, said: Said) -> None:
    if not said.facts:
        return
    if len(said.facts) >= _SHORTEST and approval.facts.startswith(said.facts):
        return
    now = f"the facts {approval.facts[:16]}" if approval.facts else "no facts"
    message = (
        f"{_of(session, activity.name)} is about {now}, not about {said.facts[:16]}, "
        "which is what was decided on: look at it again"
    )
    raise _refused(session, message)


def _handed(session: Session, activity: Activity, to: str, directory: Directory) -> list[str]:
    """The rights that go over to somebody."""
    approval = activity.approval or Approval()
    actor, of = session.actor.id, _of(session, activity.name)
    for vote in approval.votes:
        if vote.actor.id in (actor, to):
            message = f"{of}: {vote.actor.id} has voted already, {_told(vote)}"
            raise _refused(session, message)
    if approval.approvers == Approvers():
        raise _refused(session, f"{of} is for anybody to decide; there is no right to hand over")
    if not to or to == actor:
        raise _refused(session, f"{of}: say to whom else the right goes")
    if to == approval.requester:
        raise _refused(session, f"{of}: {to} asks for it, and somebody else has to decide")
    return right_of(session, activity, actor, directory)[1]


def _pending(
    session: Session, name: str, machine: Machine | None, directory: Directory
) -> Activity:
    """The approval of this name (or activity) that waits for a decision.

    Of several it is the one that is for the actor to decide.

    Raises:
        Refused: there is none; it says what became of it.
    """
    state = session.state
    pending = [a for a in state.pending.values() if a.kind == "approval" and a.status != "done"]
    found = [a for a in pending if name in (a.name, a.id, address(state, a))]
    names = tuple(address(state, a) for a in pending)
    if len(found) > 1:
        who, now = session.actor.id, session.now
        own = [a for a in found if may_vote(state, a, who, directory, now)]
        found = own if len(own) == 1 else found
    if len(found) > 1:
        raise _refused(session, _which(state, name, found), names)
    if not found:
        raise _refused(session, _why_not(state, name, machine, names), names)
    (activity,) = found
    if activity.due is not None and activity.due <= session.now:
        message = f"{_of(session, name)} timed out at {activity.due:%Y-%m-%d %H:%M:%S} UTC"
        raise _refused(session, message)
    return activity


def _which(state: RunState, name: str, found: Sequence[Activity]) -> str:
    """That several approvals have a name, and for whom each is."""
    each = (
        f"{called} (for {who_may((a.approval or Approval()).approvers)})"
        for called, a in zip(_told_apart(state, found), found, strict=True)
    )
    said = f"{len(found)} approvals {name!r} of run {state.run!r} are pending, say which"
    return f"{said}: {', '.join(each)}"


def _told_apart(state: RunState, found: Sequence[Activity]) -> list[str]:
    """What each of several activities may be called."""
    addresses = [address(state, activity) for activity in found]
    if len(set(addresses)) == len(addresses):
        return addresses
    return [activity.id for activity in found]


def _why_not(state: RunState, name: str, machine: Machine | None, pending: Sequence[str]) -> str:
    """Why no approval of this name is pending: what became of it, or what has not."""
    of = f"approval {name!r} of run {state.run!r}"
    decided = next((d for d in reversed(state.decisions) if _means(name, d)), None)
    lapsed = next((x for x in reversed(state.lapsed) if _means(name, x)), None)
    if decided is not None and (lapsed is None or lapsed.at <= decided.at):
        word = "granted" if decided.granted else "rejected"
        return f"{of} was already {word} by {decided.actor.id} at {_at(decided.at)}"
    if lapsed is not None:
        if lapsed.withdrawn:
            return f"{of} was withdrawn at {_at(lapsed.at)}: {lapsed.withdrawn}"
        return f"{of} timed out at {_at(lapsed.at)}"
    if state.closed:
        return f"run {state.run!r} is {state.status}: no approval is pending"
    said = f"no approval {name!r} is pending for run {state.run!r}, at {state.state!r}"
    if pending:
        said = f"{said}; pending: {', '.join(pending)}"
    nodes = () if machine is None else machine.nodes
    asked = [node.waits_for for node in nodes if node.kind == "approval" and node.waits_for]
    known = list(dict.fromkeys(asked))
    if name.rpartition("/")[2] in known:
        return f"{said}; it has not been asked for yet, and no decision is kept until it is"
    return f"{said}; its approvals: {', '.join(known)}" if known else said


def _means(name: str, over: Decided | Lapsed) -> bool:
    """Whether a name (or address, or activity) stands for an approval that is over."""
    *above, own = name.split("/")
    if over.activity.endswith("]"):
        own = own.removesuffix(f"[{over.activity.rpartition('[')[2]}")
    inside = own == over.name and all(f"[{branch}]" in over.activity for branch in above)
    return inside or name in (over.name, over.activity)


def _told(vote: Voted) -> str:
    word = "yes" if vote.granted else "no"
    return f"{word}, at {_at(vote.at)}"


def _at(instant: object) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


def _of(session: Session, name: str) -> str:
    return f"approval {name!r} of run {session.run!r}"


def _refused(session: Session, message: str, accepts: tuple[str, ...] = ()) -> Refused:
    return Refused(message, run=session.run, state=session.state.state, accepts=accepts)


__all__ = ["Said", "decide", "delegate", "overtaken", "who_may"]
