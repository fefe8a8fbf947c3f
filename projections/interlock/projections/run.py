"""What a run is at one version: the value that folding its events gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec

from interlock.projections.approval import Approval, Decided, Lapsed, Voted
from interlock.projections.forked import Forked
from interlock.projections.undoing import Compensation, Irreversible, Undoable
from interlock.store.contract import Head
from interlock.store.event import Actor, Encoded
from interlock.store.failure import Failure
from interlock.store.fresh import new_dict, new_list
from interlock.store.joining import How, RunEnding
from interlock.store.values import Image
from interlock.store.within import Planned, Within

ActivityKind = Literal["step", "approval", "sleep", "wait", "undo", "join", "helper", "child"]
ActivityStatus = Literal[
    "scheduled", "started", "retrying", "postponed", "in doubt", "asked", "undo failed", "done"
]


class Outcome(msgspec.Struct, gc=False):
    """How an activity ended, while the run has not moved on yet.

    Attributes:
        kind: what was recorded.
        value: encoded result, or the matching command.
        reason: of a decision, or of a cancellation.
        actor, at: who caused it and when.
        error: for kind `error`.
        votes: on an approval.
    """

    kind: Literal["value", "granted", "rejected", "elapsed", "timed out", "error", "cancelled"]
    actor: Actor
    at: datetime
    value: Encoded = None
    reason: str = ""
    error: Failure | None = None
    votes: Sequence[Voted] = ()


class Joined(msgspec.Struct):
    """What a join has come to.

    Attributes:
        how, calls, names, shape, limit, collect, size, delay: see `JoinStarted`.
        begun: how many of the calls have begun.
        active: the activities under way, with the place of each among the calls.
        outcomes: those of the calls that are over, by place.
        failed: places of the calls that failed, in the order of failing.
        first: place of the first call that succeeded, -1 for none.
        paused: it waits for its next batch.
        batch: place of the first call of the batch that is under way.
        stopping: what is still under way is being cancelled.
    """

    how: How
    calls: Sequence[Planned]
    names: Sequence[str]
    shape: Literal["one", "tuple", "list", "dict"]
    limit: int
    collect: bool
    size: int
    delay: float
    begun: int = 0
    active: dict[str, int] = {}
    outcomes: dict[int, Outcome] = {}
    failed: list[int] = []
    first: int = -1
    paused: bool = False
    batch: int = 0
    stopping: bool = False


class Activity(msgspec.Struct, gc=False):
    """Something that the run waits for, or an effect that it has under way.

    Attributes:
        id: unique within the run.
        kind: what it is.
        name: of the step, approval or command types.
        state: the state that it belongs to.
        since: when it was scheduled.
        version: of the event that scheduled it.
        attempt: number of the call under way or due next, from 1.
        first: number of the attempt from which the schedule of retries counts.
        status: `done` has an outcome, but the run has not moved on; `postponed` is held back;
            `undo failed` waits for a person, while the other undos go on.
        args, kwargs: encoded input of a step.
        key: idempotency key.
        hold: at most once.
        cleared: a person found that the call did not happen, and it was not made again yet.
        due: deadline, end of a sleep, or instant of the next attempt.
        about: encoded facts of an approval.
        commands: types that a wait accepts.
        declined: ids of commands that its `where` said no to.
        of: for an undo, the activity that it undoes.
        outcome: set with status `done`.
        error: of the last failed attempt.
        interruptions: calls of this attempt that ended with their process, as far as is known.
        postponed: what holds the call back, such as `breaker payments`; "" for nothing.
        within: where it belongs, when it is not simply what the run waits for.
        watchers: joins that wait for it beside its own, and its place among their calls.
        join: for a join, what it has come to.
        child: for a child, the id of its run.
        apart: the child was begun by `start_child`, which is no state: `state` is the one before.
        abandon: the child goes on by itself when this run ends.
        stopping: it is cancelled, and the call under way has not seen it yet.
        approval: what is known of an approval besides.
        asked: why a fork asks a person what becomes of this call.
        answer: what they said: take the recorded outcome, or make a live call.
        alarms: instants, besides `due`, at which something happens to it, by name; of a notice
            that is to be given, the instant from which it is.
    """

    id: str
    kind: ActivityKind
    name: str
    state: str
    since: datetime
    version: int
    attempt: int = 1
    first: int = 1
    status: ActivityStatus = "scheduled"
    args: Sequence[Encoded] = ()
    kwargs: Mapping[str, Encoded] = {}
    key: str = ""
    hold: bool = False
    cleared: bool = False
    due: datetime | None = None
    about: Encoded = None
    commands: Sequence[str] = ()
    declined: frozenset[str] = frozenset()
    of: str = ""
    outcome: Outcome | None = None
    error: Failure | None = None
    interruptions: int = 0
    postponed: str = ""
    within: Within | None = None
    watchers: tuple[tuple[str, int], ...] = ()
    join: Joined | None = None
    child: str = ""
    apart: bool = False
    abandon: bool = False
    stopping: bool = False
    approval: Approval | None = None
    alarms: dict[str, datetime] = {}
    asked: str = ""
    answer: Literal["", "recorded", "live"] = ""

    @property
    def thread(self) -> str:
        """The branch whose code asked for it, "" for the workflow itself."""
        return "" if self.within is None else self.within.thread

    @property
    def alone(self) -> bool:
        """Whether some code stands still until it is over: no member of a join, no handle."""
        within = self.within
        return within is None or not (within.join or within.handle)


class Thread(msgspec.Struct):
    """A branch of a run: a helper that runs beside others.

    Attributes:
        id: the activity that it is.
        state: name of its state, whole.
        image: its variables.
        visits: its activities so far: numbers the next one.
        current: the activity that its code waits for, "" for none yet.
        handling: id of the command that it received last.
        cancel: why it is cancelled, None when it is not.
        cancelled: it has seen that.
    """

    id: str
    state: str
    image: Image
    visits: int = 0
    current: str = ""
    handling: str = ""
    cancel: str | None = None
    cancelled: bool = False


@dataclass(slots=True)
class Received:
    """A command in the inbox that no wait has taken yet."""

    id: str
    command: str
    value: Encoded
    actor: Actor
    at: datetime


_NOBODY = Actor("system")

RunStatus = Literal[
    "running", "waiting", "sleeping", "in doubt", "compensating", "undo failed", "held", "open",
    "completed", "failed", "cancelled", "compensated", "compensation failed",
]  # fmt: skip


@dataclass(slots=True)
class RunState:
    """A run (or lifecycle) at one version. Only `evolve` changes it.

    Attributes:
        run: its id.
        machine, hash: the definition it follows.
        head: version and digest of its last event.
        state: name of its state.
        started, since: when it began, and when it entered that state.
        image: its variables and their objects, encoded.
        pending: what it waits for or has under way, by activity id.
        stack: completed steps that can be undone, oldest first.
        irreversible: completed steps that cannot be undone, oldest first.
        inbox: commands that no wait has taken.
        decisions: on approvals, oldest first.
        lapsed: approvals that nobody decided on in time, oldest first.
        starter: who started it.
        visits: activities so far: numbers the next one.
        cancel: why it should be cancelled, once that was asked for; None before.
        cancelled: the cancellation reached the workflow.
        compensation: set from the start of the undoing.
        ended: final status, None while it goes on.
        result: encoded result of a completed workflow.
        error: why it ended badly.
        held: why it stands still, "" when it does not.
        correlation: what all its events share.
        input_digest: of its start.
        lifecycle: it follows a declared lifecycle rather than a workflow.
        current: the activity that the workflow's own code waits for.
        handling: id of the command that it received last.
        threads: its branches, by the activity that each is.
        handles: outcomes of what was started on its own.
        ending: the workflow has ended, and what it started is still being stopped.
        parent, parent_activity: the run that waits for this one, and where.
        active: of a nested lifecycle, every active state and when it was entered.
        remembered: of a nested lifecycle, by history, the states that it brings back.
        fork: where it was forked from, None for a run that was started.
        forks: ids of the forks that were made of it.
    """

    run: str
    machine: str
    hash: str
    started: datetime
    since: datetime
    head: Head
    state: str
    image: Image = field(default_factory=Image)
    pending: dict[str, Activity] = field(default_factory=new_dict)
    stack: list[Undoable] = field(default_factory=new_list)
    irreversible: list[Irreversible] = field(default_factory=new_list)
    inbox: list[Received] = field(default_factory=new_list)
    decisions: list[Decided] = field(default_factory=new_list)
    lapsed: list[Lapsed] = field(default_factory=new_list)
    starter: Actor = _NOBODY
    visits: int = 0
    cancel: str | None = None
    cancelled: bool = False
    compensation: Compensation | None = None
    ended: RunStatus | None = None
    result: Encoded = None
    error: Failure | None = None
    held: str = ""
    correlation: str = ""
    input_digest: str = ""
    lifecycle: bool = False
    current: str = ""
    handling: str = ""
    threads: dict[str, Thread] = field(default_factory=new_dict)
    handles: dict[str, Outcome] = field(default_factory=new_dict)
    ending: RunEnding | None = None
    parent: str = ""
    parent_activity: str = ""
    active: dict[str, datetime] = field(default_factory=new_dict)
    remembered: dict[str, list[str]] = field(default_factory=new_dict)
    fork: Forked | None = None
    forks: list[str] = field(default_factory=new_list)

    @property
    def configuration(self) -> tuple[str, ...]:
        """Names of all active states: those of a nested lifecycle, else the one state."""
        return tuple(self.active) or (self.state,)

    @property
    def status(self) -> RunStatus:
        """What the run is doing, in one word or two."""
        if self.ended is not None and not self.pending:
            return self.ended
        if self.held:
            return "held"
        for activity in self.pending.values():
            if activity.status == "in doubt":
                return "in doubt"
        if self.compensation is not None:
            if any(a.status == "asked" for a in self.pending.values()):
                return "waiting"
            return "undo failed" if self.stuck else "compensating"
        return self._progress()

    @property
    def follows(self) -> bool:
        """Whether another run's record says what becomes of it, time included."""
        return self.fork is not None and self.fork.effects == "recorded"

    @property
    def closed(self) -> bool:
        """Whether it takes nothing more from outside: it has ended, or undoes what it did."""
        return self.ended is not None or self.compensation is not None

    @property
    def stuck(self) -> bool:
        """Whether nothing is left of the undoing but what waits for a person."""
        if self.compensation is None:
            return False
        failed = {a.of for a in self.pending.values() if a.status == "undo failed"}
        return len(failed) == len(self.pending) > 0 and failed == {
            entry.activity for entry in self.stack
        }

    def _progress(self) -> RunStatus:
        if (self.cancel is not None and not self.cancelled) or self.ending is not None:
            return "waiting" if self._only_asks() else "running"
        waiting = child = postponed = False
        for activity in self.pending.values():
            if self._moves(activity):
                return "running"
            asked = activity.status == "asked"
            waiting = waiting or asked or activity.kind in ("approval", "wait")
            child = child or (activity.kind == "child" and not asked)
            postponed = postponed or activity.status == "postponed"
        if child and postponed:  # the index names one of them, and recovery sees to both
            return "running"
        if waiting or child or postponed:
            return "waiting"
        if self.pending:
            return "sleeping"
        return "open" if self.lifecycle else "running"

    def _only_asks(self) -> bool:
        """Whether a person has to say what becomes of a call before anything else happens."""
        pending = self.pending.values()
        asked = any(activity.status == "asked" for activity in pending)
        return asked and not any(self._moves(activity) for activity in pending)

    def _moves(self, activity: Activity) -> bool:
        """Whether there is something to do about an activity."""
        kind = activity.kind
        if activity.status in ("postponed", "asked"):
            return False
        if activity.status == "done" or kind in ("step", "undo"):
            return True
        if kind == "wait":
            return self.match(activity) is not None
        return activity.join is not None and not activity.join.active

    def thread(self, activity: Activity) -> RunState | Thread:
        """Whose code asked for an activity: a branch, or the workflow itself.

        What a branch started and did not await outlives it, as the workflow's own.
        """
        return self.threads.get(activity.thread, self)

    def match(self, wait: Activity) -> Received | None:
        """The first command in the inbox that a wait may take."""
        return next(self.offered(wait), None)

    def offered(self, wait: Activity) -> Iterator[Received]:
        """The commands of a wait's types that it has not declined, and that came in time."""
        latest = None if wait.due is None else max(wait.due, wait.since)
        for command in self.inbox:
            early = latest is None or command.at <= latest
            if early and command.command in wait.commands and command.id not in wait.declined:
                yield command

    @property
    def variables(self) -> dict[str, Any]:
        """The variables as plain JSON, for people."""
        return self.image.plain_variables()
