"""The inbox of people: approvals that wait for a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from interlock.engine.rights import Directory, groups_of
from interlock.projections import Activity, Approval, RunState, Voted, address, load_state
from interlock.projections.people import NOTICE
from interlock.store.contract import Filter, Store
from interlock.store.decisions import Approvers
from interlock.store.event import JSON
from interlock.store.order import sort_key


@dataclass(frozen=True, slots=True)
class Pending:
    """An approval that nobody has decided on.

    Attributes:
        run, machine: which run waits.
        name: of the approval.
        about: the facts to decide on, as plain JSON.
        since: when it was asked for.
        deadline: when it times out, None for never.
        activity: tells it from others of that name in the run.
        address: what people call it: its name, below those of the branches that ask for it.
        facts: digest of the facts, "" for none.
        approvers: who may decide now.
        delegated: who holds a right that was handed over, by whose right it was.
        requester: who asks, and has no vote; "" where that is not said.
        quorum, rejections: how many have to say yes, or no.
        votes: so far.
        reminds, escalates: when it reminds and escalates next, None for never.
    """

    run: str
    machine: str
    name: str
    about: JSON
    since: datetime
    deadline: datetime | None
    activity: str = ""
    address: str = ""
    facts: str = ""
    approvers: Approvers = field(default_factory=Approvers)
    delegated: Mapping[str, str] = field(default_factory=dict[str, str])
    requester: str = ""
    quorum: int = 1
    rejections: int = 1
    votes: Sequence[Voted] = ()
    reminds: datetime | None = None
    escalates: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which approvals are wanted; None means any. See `Engine.approvals`."""

    run: str | None = None
    name: str | None = None
    approver: str | None = None
    group: str | None = None


async def pending_approvals(
    store: Store, wanted: Wanted, directory: Directory, now: datetime
) -> list[Pending]:
    """Those that fit, in natural order of the runs' ids."""
    found: list[Pending] = []
    ids = () if wanted.run is None else (wanted.run,)
    entries = await store.entries(Filter(waits="approval", ids=ids))
    for besides in ("person", "child"):  # that it waits for as well
        entries += await store.entries(Filter(waits=besides, ids=ids))
    for entry in sorted(entries, key=lambda entry: sort_key(entry.run)):
        state = await load_state(store, entry.run)
        if wanted.approver is not None:
            await directory.look_up(groups_of(state))
        for activity in state.pending.values():
            if activity.kind == "approval" and activity.status != "done":
                one = _pending(state, activity, now)
                if _fits(one, wanted, directory):
                    found.append(one)
    return found


def _pending(state: RunState, activity: Activity, now: datetime) -> Pending:
    approval = activity.approval or Approval()
    who, rights = approval.approvers, approval.rights
    quorum = approval.quorum
    for later in approval.escalations[approval.escalated :]:
        if later.at <= now:  # it is not recorded yet, and counts already
            who, rights, quorum = later.to, {}, later.quorum or quorum
    return Pending(
        run=state.run,
        machine=state.machine,
        name=activity.name,
        about=state.thread(activity).image.plain(activity.about),
        since=activity.since,
        deadline=activity.due,
        activity=activity.id,
        address=address(state, activity),
        facts=approval.facts,
        approvers=who,
        delegated=dict(rights),
        requester=approval.requester,
        quorum=quorum,
        rejections=approval.rejections,
        votes=tuple(approval.votes),
        reminds=_next(activity, "reminder"),
        escalates=_next(activity, "escalation"),
    )


def may_vote(
    state: RunState, activity: Activity, person: str, directory: Directory, now: datetime
) -> bool:
    """Whether a person may vote, as far as can be said without asking a function."""
    return _may(_pending(state, activity, now), person, directory)


def _next(activity: Activity, kind: str) -> datetime | None:
    instants = [
        at for alarm, at in activity.alarms.items()
        if alarm.startswith(kind) and not alarm.startswith(NOTICE)
    ]  # fmt: skip
    return min(instants, default=None)


def _fits(one: Pending, wanted: Wanted, directory: Directory) -> bool:
    if wanted.name not in (None, one.name, one.activity, one.address):
        return False
    if wanted.group is not None and wanted.group not in one.approvers.groups:
        return False
    return wanted.approver is None or _may(one, wanted.approver, directory)


def _may(one: Pending, person: str, directory: Directory) -> bool:
    if person == one.requester or any(vote.actor.id == person for vote in one.votes):
        return False
    rights = one.delegated
    if person in rights.values():
        return True
    who = one.approvers
    if person in rights:
        return False
    if who.rule or not (who.names or who.groups):
        return True
    return person in who.names or any(directory.has(group, person) for group in who.groups)
