"""The vocabulary of runs that do several things at once: joins, branches, children, handles."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from interlock.store.event import Body, Delta, Encoded
from interlock.store.failure import Failure
from interlock.store.within import Planned, Within

How = Literal["await", "parallel", "gather", "settle", "race", "each", "tasks"]


class JoinStarted(Body, frozen=True):
    """The run waits for several calls, which begin now or as room is made.

    Attributes:
        activity: id of this visit of the state.
        how: what is made of their outcomes.
        calls: all of them, in order.
        names: what they are called where that is not their number: keywords, or ids of items.
        shape: what the workflow is given: `one`, a `tuple`, a `list` or a `dict`.
        limit: how many may be under way at once, 0 for no limit.
        collect: failures are values; else the first one stops the rest.
        size, delay: calls of a batch, 0 for no batches, and the seconds between two of them.
    """

    activity: str
    how: How
    calls: list[Planned]
    names: list[str] = []
    shape: Literal["one", "tuple", "list", "dict"] = "tuple"
    limit: int = 0
    collect: bool = False
    size: int = 0
    delay: float = 0
    memory: Delta | None = None
    within: Within | None = None


class BatchEnded(Body, frozen=True):
    """A batch of a join is over; the next one begins at an instant."""

    activity: str
    until: datetime


class BatchBegun(Body, frozen=True):
    """The instant has come: the next batch of a join may begin."""

    activity: str


class CallFailed(Body, frozen=True):
    """One of a join's calls could not begin: what it was given cannot be meant."""

    activity: str
    index: int
    error: Failure


class BranchStarted(Body, frozen=True):
    """A helper begins to run beside others, with its own variables: copies of what it is given."""

    activity: str
    name: str
    within: Within
    args: list[Encoded] = []
    kwargs: dict[str, Encoded] = {}
    memory: Delta | None = None


class BranchReturned(Body, frozen=True):
    """A branch returned; the result is encoded in one piece."""

    activity: str
    result: Encoded = None


class BranchRaised(Body, frozen=True):
    """A branch raised."""

    activity: str
    error: Failure


class ChildStarted(Body, frozen=True):
    """Intent: a run of another workflow is about to be started.

    Attributes:
        activity: id of this visit of the state.
        child: id of its run.
        machine: name of the workflow.
        args, kwargs: its input, encoded in one piece each.
        on_cancel: what becomes of it when this run is cancelled or ends before it.
    """

    activity: str
    child: str
    machine: str
    args: list[Encoded] = []
    kwargs: dict[str, Encoded] = {}
    on_cancel: Literal["cancel", "abandon"] = "cancel"
    memory: Delta | None = None
    within: Within | None = None


class ChildEnded(Body, frozen=True):
    """The child's run has ended.

    Attributes:
        activity: that waited for it.
        status: what became of it.
        result: of a completed one, encoded in one piece.
        error: of any other.
        undoable: it holds completed steps that can be undone.
        irreversible: why not all that it did can be undone, "" where nothing is said about it.
    """

    activity: str
    status: str
    result: Encoded = None
    error: Failure | None = None
    undoable: bool = False
    irreversible: str = ""


class ActivityStopped(Body, frozen=True):
    """An activity is cancelled; a call under way is over only once it has seen that (`over`)."""

    activity: str
    reason: str = ""
    over: bool = True


class StepSkipped(Body, frozen=True):
    """The workflow left something out, and says why."""

    reason: str


class Replied(Body, frozen=True):
    """The answer to the sender of a command, encoded in one piece."""

    command_id: str
    value: Encoded = None


class WaitPassed(Body, frozen=True):
    """The run looked for a command that had come, and there was none."""

    activity: str


class RunEnding(Body, frozen=True):
    """The workflow has ended; what it started and never awaited is still being stopped.

    Attributes:
        result: what it returned, encoded in one piece.
        error: what it raised.
        cancelled: it was cancelled.
    """

    result: Encoded = None
    error: Failure | None = None
    cancelled: bool = False


class CompensationRequested(Body, frozen=True):
    """The run that started this one undoes what it did: so does this one, though it completed."""

    reason: str = ""
