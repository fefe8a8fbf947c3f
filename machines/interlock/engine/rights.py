"""Who may decide on an approval: asked when a decision comes, never when it is folded."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from interlock.engine.errors import UnknownMachine
from interlock.engine.session import Session
from interlock.engine.workflows import WorkflowRun
from interlock.machines.approvers import Escalate, Groups, declared, is_several, rule_name
from interlock.machines.duration import duration
from interlock.machines.errors import HandlerFailed, Refused
from interlock.machines.guard import Refuse
from interlock.machines.segment import at_instant
from interlock.projections import Activity, Approval, RunState
from interlock.store.decisions import Approvers


class UnknownGroup(Exception):
    """A group has to be looked up before this can be decided."""


@dataclass(slots=True)
class Directory:
    """The groups that were looked up, with their members.

    Attributes:
        members: by group.
    """

    groups: Groups
    members: Mapping[str, Collection[str]] = field(default_factory=dict[str, Collection[str]])

    @classmethod
    def of(cls, given: Groups | None) -> Directory:
        """The one that an engine was given, or else this program declared."""
        return cls(declared() if given is None else given)

    async def look_up(self, groups: Collection[str]) -> None:
        """Ask for the members of these groups; a group that is not known has none."""
        found: dict[str, Collection[str]] = {}
        for group in groups:
            if not callable(self.groups):
                found[group] = self.groups.get(group, ())
                continue
            answer = self.groups(group)
            if inspect.isawaitable(answer):
                answer = await answer
            found[group] = answer
        self.members = {**self.members, **found}

    def has(self, group: str, actor: str) -> bool:
        """Whether somebody is in a group.

        Raises:
            UnknownGroup: it was not looked up.
        """
        if group not in self.members:
            raise UnknownGroup(group)
        return actor in self.members[group]


def groups_of(state: RunState) -> set[str]:
    """All groups that may come to decide on the approvals that a run waits for."""
    found: set[str] = set()
    for activity in state.pending.values():
        approval = activity.approval
        if approval is not None:
            found.update(approval.approvers.groups)
            for later in approval.escalations:
                found.update(later.to.groups)
    return found


def right_of(
    session: Session, activity: Activity, actor: str, directory: Directory
) -> tuple[str, list[str]]:
    """Why somebody may decide, in words, and whose rights those are.

    Raises:
        Refused: they may not; it says who may.
        HandlerFailed: the approval's function raised, or gave no answer.
        UnknownMachine: its function is not known to this program.
    """
    approval = activity.approval or Approval()
    if actor and actor == approval.requester:
        message = f"{_of(session, activity)}: {actor} asks for it, and somebody else has to decide"
        raise _refused(session, activity, message)
    handed = [right for right, holder in approval.rights.items() if holder == actor]
    own = ""
    why = Refuse("")
    if actor not in approval.rights:
        answer = own_right(session, activity, approval, actor, directory)
        own, why = ("", answer) if isinstance(answer, Refuse) else (answer, why)
    if own:
        return own, [actor, *handed]
    if handed:
        return f"for {', '.join(handed)}", handed
    raise _not_allowed(session, activity, approval, actor, why)


def own_right(
    session: Session, activity: Activity, approval: Approval, actor: str, directory: Directory
) -> str | Refuse:
    """Why somebody may decide without anybody's handing over."""
    who = approval.approvers
    if who.rule:
        answer = asked(session, activity, actor)
        return answer if isinstance(answer, Refuse) else f"rule {who.rule}"
    if not who.names and not who.groups:
        return "anybody"
    if actor and actor in who.names:
        return "named"
    for group in who.groups:
        if actor and directory.has(group, actor):
            return f"group {group}"
    return Refuse("")


def asked(session: Session, activity: Activity, actor: str) -> Refuse | None:
    """What the approval's function says about an actor; None for yes."""
    rule = rule_at(session, activity)
    facts = session.state.thread(activity).image.decode(
        _mover(session).program.types, activity.about
    )
    code = getattr(rule, "__code__", None)
    file, line = getattr(code, "co_filename", ""), getattr(code, "co_firstlineno", 0)
    try:
        with at_instant(session.now):
            answer: object = rule(actor, facts)
    except Exception as error:
        what = f"raised {type(error).__name__}: {error}"
        raise HandlerFailed(rule_name(rule), file, line, what) from error
    if isinstance(answer, Refuse):
        return answer
    if not isinstance(answer, bool):
        what = f"gave {type(answer).__name__}; it has to answer True, False or Refuse(...)"
        raise HandlerFailed(rule_name(rule), file, line, what)
    return None if answer else Refuse("")


def rule_at(session: Session, activity: Activity) -> Callable[..., Any]:
    """The function that decides who may decide, found again where it is written.

    Raises:
        UnknownMachine: the machine is not imported here, or the function is not written there.
    """
    approval = activity.approval or Approval()
    who, escalate = _mover(session).rules(activity)
    if approval.escalated:
        several: list[Escalate] = list(escalate) if is_several(escalate) else [escalate]
        ordered = sorted(several, key=lambda one: duration(one.after))
        who = ordered[approval.escalated - 1].to if len(ordered) >= approval.escalated else None
    if not callable(who):
        message = (
            f"the function {approval.approvers.rule!r} of {_of(session, activity)} "
            "is not found again; write it in the call of approval(...) itself"
        )
        raise UnknownMachine(message)
    return cast("Callable[..., Any]", who)


def _mover(session: Session) -> WorkflowRun:
    if not isinstance(session.mover, WorkflowRun):
        message = (
            f"machine {session.machine!r} is not imported here (or is another definition), so the "
            "function that says who may decide cannot be asked; import its module first"
        )
        raise UnknownMachine(message)
    return session.mover


def who_may(who: Approvers, requester: str = "") -> str:
    """Who may decide, in words."""
    parts = [*who.names, *(f"the group {group}" for group in who.groups)]
    if who.rule:
        parts.append(f"whoever {who.rule} lets")
    said = " or ".join(parts) or "anybody"
    return f"{said}, but not {requester}" if requester else said


def _not_allowed(
    session: Session, activity: Activity, approval: Approval, actor: str, why: Refuse
) -> Refused:
    if actor in approval.rights:
        message = (
            f"{_of(session, activity)}: {actor} handed the right over to {approval.rights[actor]}"
        )
        return _refused(session, activity, message)
    name = actor or "nobody in particular (say who: by=)"
    message = f"{_of(session, activity)} is not for {name} to decide"
    if why.reason:
        message += f": {why.reason}"
    holders = sorted({h for r, h in approval.rights.items() if h != r})
    handed = f" (and {', '.join(holders)}, by delegation)" if holders else ""
    allowed = who_may(approval.approvers, approval.requester)
    rule = approval.approvers.rule
    guards = (f"{rule}: {why.reason or 'no'}",) if rule else ()
    return _refused(session, activity, f"{message}; who may: {allowed}{handed}", guards)


def _of(session: Session, activity: Activity) -> str:
    return f"approval {activity.name!r} of run {session.run!r}"


def _refused(
    session: Session, activity: Activity, message: str, guards: tuple[str, ...] = ()
) -> Refused:
    state = session.state.state
    return Refused(message, run=session.run, state=state, accepts=(activity.name,), guards=guards)
