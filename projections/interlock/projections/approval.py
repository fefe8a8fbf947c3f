"""What is known of an approval: who may decide, who has voted, what is yet to happen to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from interlock.store.decisions import Approvers, Escalation
from interlock.store.event import Actor


class Voted(msgspec.Struct, frozen=True):
    """One person's vote.

    Attributes:
        actor, at: who, and when.
        granted: yes or no.
        reason: why, in their words.
        facts: digest of the facts that were decided on.
        seen: whether the voter named it.
        right: why the voter may decide, in words.
    """

    actor: Actor
    at: datetime
    granted: bool
    reason: str
    facts: str = ""
    seen: bool = False
    right: str = ""


class Approval(msgspec.Struct):
    """An approval that waits for a decision.

    Attributes:
        facts: digest of what it is about, "" for nothing.
        approvers: who may decide now.
        quorum, rejections: how many people have to say yes, or no.
        requester: who asks, and therefore does not decide; "" for nobody in particular.
        reminders, escalations: as they were asked for.
        reminded, escalated: how many of them have come.
        votes: so far, oldest first.
        rights: who holds a right that was handed over, by whose right it was.
    """

    facts: str = ""
    approvers: Approvers = Approvers()
    quorum: int = 1
    rejections: int = 1
    requester: str = ""
    reminders: Sequence[datetime] = ()
    escalations: Sequence[Escalation] = ()
    reminded: int = 0
    escalated: int = 0
    votes: list[Voted] = []
    rights: dict[str, str] = {}

    def count(self, *, granted: bool) -> int:
        """The votes for yes, or for no."""
        return sum(vote.granted is granted for vote in self.votes)


@dataclass(slots=True)
class Decided:
    """A decision on an approval of this run.

    Attributes:
        activity: of the request.
        name: of the approval.
        granted: yes or no.
        actor, reason, at: of the vote that decided it.
        facts: digest of the facts that were decided on.
        votes: all of them, oldest first.
    """

    activity: str
    name: str
    granted: bool
    actor: Actor
    reason: str
    at: datetime
    facts: str
    votes: Sequence[Voted]


@dataclass(slots=True)
class Lapsed:
    """An approval that ended without a decision.

    Attributes:
        activity: of the request.
        name: of the approval.
        at: when.
        withdrawn: why nobody wants the decision any more, "" where it timed out.
    """

    activity: str
    name: str
    at: datetime
    withdrawn: str = ""
