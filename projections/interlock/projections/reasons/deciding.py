"""Why nobody has decided on an approval yet: who may, whose vote is missing, whether it can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from interlock.projections.approval import Approval
from interlock.projections.instants import ago, since
from interlock.projections.people import NOTICE, find_escalation
from interlock.projections.reasons.ahead import timeout
from interlock.projections.reasons.facts import Facts
from interlock.projections.reasons.making import called, due, wait
from interlock.projections.run import Activity
from interlock.projections.why import Action, Cause, Then, Wait
from interlock.store.decisions import Approvers


@dataclass(frozen=True, slots=True)
class Deciders:
    """Who may decide on an approval at an instant.

    Attributes:
        who: as it was asked for, or escalated to by then.
        rights: who holds a right that was handed over, by whose right it was.
        quorum: how many have to say yes.
    """

    who: Approvers
    rights: Mapping[str, str]
    quorum: int


def deciders(approval: Approval, now: datetime) -> Deciders:
    """Who may decide now: an escalation that is due counts though it is not recorded yet."""
    who, rights, quorum = approval.approvers, dict(approval.rights), approval.quorum
    for later in approval.escalations[approval.escalated :]:
        if later.at <= now:
            who, rights, quorum = later.to, {}, later.quorum or quorum
    return Deciders(who, rights, quorum)


def approval(facts: Facts, activity: Activity) -> Wait:
    """The answer for an approval."""
    name = called(facts, activity)
    if activity.status == "done":
        return due(facts, activity, f"approval {name} was decided on, and the run is to go on")
    if activity.due is not None and activity.due <= facts.now:
        late = ago(activity.due, facts.now)
        return due(facts, activity, f"approval {name} timed out {late}, and the run is to go on")
    asked = activity.approval or Approval()
    now = deciders(asked, facts.now)
    left = _left(facts, asked, now)
    yes, no = asked.count(granted=True), asked.count(granted=False)
    missing, against = now.quorum - yes, asked.rejections - no
    cause: Cause = "quorum" if yes or no else "approval"
    said = f"approval {name} waits for {_needed(missing, yes, no)}, {_since(facts, activity)}"
    said += f"; who may: {said_of(facts, asked, now, left)}"
    if left is not None and len(left) < min(missing, against):
        cause = "nobody_may"
        said += "; with these it can never be decided"
    if asked.votes:
        votes = (f"{v.actor.id} {'yes' if v.granted else 'no'}" for v in asked.votes)
        said += f"; votes so far: {', '.join(votes)}"
    module = facts.module if now.who.rule else ""
    actions = _actions(facts, name, cause, left, module)
    return wait(facts, activity, cause, said, actions, _then(facts, activity))


def _since(facts: Facts, activity: Activity) -> str:
    return f"asked for at {since(activity.since, facts.now)}"


def _needed(missing: int, yes: int, no: int) -> str:
    if not yes and not no:
        return "a decision" if missing == 1 else f"{missing} people to say yes"
    return f"{missing} more to say yes" if missing != 1 else "one more to say yes"


def _left(facts: Facts, asked: Approval, now: Deciders) -> list[str] | None:
    """Those who may vote and have not; None where that cannot be told."""
    who = now.who
    known = all(group in facts.members for group in who.groups)
    if who.rule or not (who.names or who.groups) or not known:
        return None
    named = [*who.names, *(one for group in who.groups for one in facts.members[group])]
    holders = [holder for holder in now.rights.values() if holder]
    over = {asked.requester, *(vote.actor.id for vote in asked.votes), *now.rights}
    over -= {holder for holder in holders if holder not in {v.actor.id for v in asked.votes}}
    return [one for one in dict.fromkeys([*named, *holders]) if one and one not in over]


def said_of(facts: Facts, asked: Approval, now: Deciders, left: list[str] | None) -> str:
    """Who may decide, in words."""
    who = now.who
    parts = list(who.names)
    for group in who.groups:
        members = facts.members.get(group)
        inside = "" if members is None else f" ({', '.join(members) or 'nobody is in it'})"
        parts.append(f"the group {group}{inside}")
    if who.rule:
        parts.append(f"whoever {who.rule} lets (asked when somebody decides)")
    said = " or ".join(parts) or "anybody"
    for right, holder in now.rights.items():
        if right != holder:
            said += f"; {right} handed the right over to {holder}"
    open_to = bool(who.groups or who.rule) or not who.names
    if asked.requester and (open_to or asked.requester in who.names):
        said += f"; not {asked.requester}, who asks for it"
    if left is not None and not left:
        said += "; nobody is left who may"
    return said


def _actions(
    facts: Facts, name: str, cause: Cause, left: list[str] | None, module: str
) -> list[Action]:
    run = facts.state.run
    if cause == "nobody_may":
        cancel = ("cancel", run, "--reason", "WHY", "--by", "NAME")
        return [] if facts.state.lifecycle else [Action("give the run up", cancel)]
    by = left[0] if left and len(left) == 1 else "NAME"
    return [
        Action("say yes", ("approve", run, name, "--by", by), module),
        Action("say no", ("reject", run, name, "--by", by, "--reason", "WHY"), module),
    ]


def _then(facts: Facts, activity: Activity) -> list[Then]:
    found = [_alarm(facts, activity, alarm, at) for alarm, at in activity.alarms.items()]
    then = [one for one in found if one is not None]
    return [*then, *timeout(facts, activity)]


def _alarm(facts: Facts, activity: Activity, alarm: str, at: datetime) -> Then | None:
    if alarm.startswith(NOTICE):
        return None
    name, run = called(facts, activity), facts.state.run
    if alarm.startswith("reminder"):
        return Then(at, "reminds", f"{alarm} of approval {name}", run, activity.id)
    asked = activity.approval or Approval()
    later = find_escalation(asked, alarm)
    if later is None:
        return None
    to = said_of(facts, Approval(approvers=later.to), Deciders(later.to, {}, 1), None)
    quorum = f", {later.quorum} of them" if later.quorum > 1 else ""
    said = f"approval {name} escalates: from then on {to} may decide{quorum}"
    return Then(at, "escalates", said, run, activity.id)
