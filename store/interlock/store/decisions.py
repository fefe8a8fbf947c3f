"""The vocabulary of people: what they are reminded of, hand over, and decide about a run."""

from __future__ import annotations

from datetime import datetime

import msgspec

from interlock.store.event import Body, Delta, Encoded
from interlock.store.within import Within


class Approvers(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Who may decide on an approval; anybody when all of it is empty.

    Attributes:
        names: people.
        groups: groups, looked up when a decision comes.
        rule: name of the function that is asked when a decision comes, "" for none.
    """

    names: list[str] = []
    groups: list[str] = []
    rule: str = ""


class Escalation(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """From an instant on others may decide. `quorum` 0 keeps the number of grants needed."""

    at: datetime
    to: Approvers
    quorum: int = 0


class ApprovalRequested(Body, frozen=True):
    """The run waits for a decision.

    Attributes:
        about: what is to be decided on.
        facts: its digest, "" for none.
        approvers: who may decide.
        quorum, rejections: how many people have to say yes, or no.
        requester: who asks, and therefore does not decide; "" for nobody in particular.
        reminders: instants, in order.
        escalations: in order of their instants.
    """

    activity: str
    name: str
    about: Encoded = None
    deadline: datetime | None = None
    memory: Delta | None = None
    within: Within | None = None
    facts: str = ""
    approvers: Approvers = Approvers()
    quorum: int = 1
    rejections: int = 1
    requester: str = ""
    reminders: list[datetime] = []
    escalations: list[Escalation] = []


class ApprovalGranted(Body, frozen=True):
    """The decision was yes; the actor is in the envelope. See `ApprovalVoted` for the rest."""

    activity: str
    name: str
    reason: str = ""
    facts: str = ""
    seen: bool = False
    right: str = ""


class ApprovalRejected(Body, frozen=True):
    """The decision was no; the actor is in the envelope. See `ApprovalVoted` for the rest."""

    activity: str
    name: str
    reason: str = ""
    facts: str = ""
    seen: bool = False
    right: str = ""


class ApprovalVoted(Body, frozen=True):
    """A vote that does not decide yet; the one that does is the approval's grant or rejection.

    Attributes:
        facts: digest of the facts that were decided on.
        seen: whether the voter named that digest.
        right: why the voter may decide, in words.
    """

    activity: str
    name: str
    granted: bool
    reason: str = ""
    facts: str = ""
    seen: bool = False
    right: str = ""


class ApprovalReminded(Body, frozen=True):
    """The instant of a reminder has come. `number` counts them from 1."""

    activity: str
    name: str
    number: int
    due: datetime
    notify: bool = False


class ApprovalEscalated(Body, frozen=True):
    """The instant of an escalation has come: from now on others decide."""

    activity: str
    name: str
    number: int
    due: datetime
    notify: bool = False


class ApprovalDelegated(Body, frozen=True):
    """The actor handed the right to decide over to another.

    Attributes:
        rights: whose rights they are: the actor's own, and those handed to the actor before.
    """

    activity: str
    name: str
    to: str
    rights: list[str]
    reason: str = ""
    notify: bool = False


class Notified(Body, frozen=True):
    """The engine's `notify` function was told, and returned."""

    activity: str
    notice: str


class UndoRetried(Body, frozen=True):
    """A person had a failed undo called again."""

    activity: str
    of: str
    attempt: int
    reason: str = ""


class UndoResolved(Body, frozen=True):
    """A person undid by other means what the undo could not."""

    activity: str
    of: str
    reason: str = ""


class UndoSkipped(Body, frozen=True):
    """A person decided that what could not be undone stays."""

    activity: str
    of: str
    reason: str = ""
