"""A run held in memory while something happens to it: decide, append, apply."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, TypeVarTuple

from msgspec.structs import replace

from interlock.engine.caller import Caller
from interlock.engine.snapshots import EVERY
from interlock.engine.turn import Turn
from interlock.machines.errors import Refused
from interlock.machines.step import Step
from interlock.projections import Activity, RunState, entry_of, evolve
from interlock.projections.timers import timers_of
from interlock.store import crash
from interlock.store.clock import Clock
from interlock.store.contract import Appended, Commit, Draft, Head, Store, Timer
from interlock.store.errors import StoreBusy, StoreError, StoreFull
from interlock.store.event import Actor, Body, Event
from interlock.store.joining import ActivityStopped
from interlock.store.vocabulary import StepInDoubt, StepScheduled

if TYPE_CHECKING:
    from interlock.engine.forks.following import Following
    from interlock.engine.past_calls import PastCall
    from interlock.engine.recalls import FoundIntents

T = TypeVar("T")
Given = TypeVarTuple("Given")
log = logging.getLogger("interlock.engine")

FIRST_WAIT, LONGEST_WAIT = 0.05, 5.0
"""Seconds between attempts to append to a store that is full or busy: doubled each time."""


class Session:
    """One run's folded state and the events decided but not yet appended.

    `emit` folds an event at once, so that what is decided next sees it; nobody else does before
    `flush` has appended it. When a decision or an append fails the session is `broken`: it holds
    events that never happened, and the run has to be loaded again.

    Attributes:
        exists: whether the run has any event.
        state: the run, undurable events included; not there before its first event.
        lock: held while events are decided and appended.
        broken: the state is not what the log says.
        extra_timers, cleared: timers of a lifecycle's `after`, to be set and removed.
        added_timers, removed_timers: what the last `flush` set and removed.
        mover: what moves it, once something wanted to.
        intents: activities whose call was decided here and has not been made yet. The others
            were found in the log: a call may have been made before a crash.
        reason: why the events are emitted, as their actor says.
        asked: correlation of the request that leads to them, "" for that of the run.
        calling: activities whose calls are under way beside others.
        trouble: why the store refuses what is being appended, "" when it does not.
        past_calls: completed calls that will be undone next, by activity.
        following: what a fork is given, once that was read.
        found: the intents of its calls, once one that was found in the log asked for its own.
        snapshot_at: version from which on a snapshot of it is due.
    """

    state: RunState

    def __init__(
        self,
        run: str,
        state: RunState | None,
        store: Store,
        clock: Clock,
        drives: Callable[[], bool] = lambda: True,
    ) -> None:
        self.run = run
        if state is not None:
            self.state = state
        self.exists = state is not None
        self._head = state.head if state is not None else Head()
        self._store = store
        self._clock = clock
        self._drives = drives
        self._drafts: list[Draft] = []
        self._at: datetime | None = None
        self.lock = Turn()
        self.mover: Mover | None = None
        self.broken = False
        self.intents: set[tuple[str, int]] = set()
        self.calling: set[str] = set()
        self.past_calls: dict[str, PastCall] = {}
        self.following: Following | None = None
        self.found: FoundIntents | None = None
        self.snapshot_at = EVERY
        self.actor = Actor("system")
        self.cause = ""
        self.reason = ""
        self.asked = ""
        self.machine = state.machine if state is not None else ""
        self.hash = state.hash if state is not None else ""
        self.correlation = state.correlation if state is not None else run
        self._timers_before = timers_of(state) if state is not None else {}
        self.extra_timers: dict[str, datetime] = {}
        self.cleared: set[str] = set()
        self.added_timers: Sequence[Timer] = ()
        self.removed_timers: Sequence[str] = ()
        self.trouble = ""

    @property
    def idle(self) -> bool:
        """Whether there is nothing to drive: a lifecycle moves by commands and timers alone."""
        return self.state.lifecycle and not self.state.pending

    @property
    def version(self) -> int:
        """Version of the last event that is known to be in the log."""
        return self._head.version

    @property
    def now(self) -> datetime:
        """The instant of the events being decided: one for all, never before the last one."""
        if self._at is None:
            self._at = self._clock.now()
            if self._head.at is not None and self._at < self._head.at:
                self._at = self._head.at
        return self._at

    def by(self, actor: Actor, cause: str = "") -> None:
        """Say who causes the events that are emitted from here on; a `Caller` says more."""
        self.reason = self.asked = ""
        self.actor = actor
        self.cause = cause
        if isinstance(actor, Caller):
            self.actor = Actor(actor.kind, actor.id)
            self.reason, self.asked = actor.reason, actor.correlation

    @property
    def caller(self) -> Caller:
        """What `by` was told, to be told again."""
        return Caller(self.actor.kind, self.actor.id, self.reason, self.asked)

    def emit(self, body: Body, state: str | None = None) -> None:
        """Decide an event; `state` is the state it leads to, by default the present one."""
        kind = type(body)
        before = self.state if self.exists else None
        if kind is StepScheduled and (
            not self._drives()
            or (before is not None and before.fork is not None and before.fork.effects != "live")
        ):  # the intent is not followed by its call; in a fork something else decides on that
            body = replace(body, client=True)
        target = state if state is not None else self.state.state
        actor, cause, reason, asked = self.actor, self.cause, self.reason, self.asked
        drafts = self._drafts
        drafts.append(Draft(body, target, actor, cause, None, "", reason, asked))
        event = Event(
            self.run, self._head.version + len(drafts), kind.__name__, "", self._at or self.now,
            self.machine, self.hash, target, actor, cause, asked or self.correlation, "", body,
            reason=reason,
        )  # fmt: skip
        self.state = evolve(before, event)
        self.exists = True
        if self.following is not None:
            self.following.note(self.state, event)

    def decide(self, record: Callable[[*Given], T], *given: *Given) -> T:
        """Let `record` emit events. When it raises, nothing of what it emitted remains.

        After a refusal the session can still be used; after anything else it is broken.
        """
        if not self._drafts:
            self._at = None  # what was looked at before and refused had an instant of its own
        try:
            return record(*given)
        except BaseException as error:
            if self._drafts or not isinstance(error, Refused):
                self.broken = True
            raise

    async def flush(self, command_id: str = "", *, patient: bool = False) -> Appended | None:
        """Append what was decided, in one commit. None when nothing was.

        A `patient` flush keeps what was decided in hand while the store is full or busy, and
        appends it when the store works again.

        Raises:
            Conflict, DuplicateCommand, StoreError: nothing was appended; the session is broken.
        """
        if not self._drafts:
            self._at = None
            return None
        if crash.ARMED:
            crash.reached("engine.before_append")
        timers = timers_of(self.state)
        if timers or self._timers_before or self.extra_timers or self.cleared:
            self.added_timers = self._set_timers(timers)
            gone = (name for name in self._timers_before if name not in timers)
            self.removed_timers = [*gone, *self.cleared]
        else:
            self.added_timers = self.removed_timers = ()
        commit = Commit(
            head=self._head,
            entry=entry_of(self.state),
            drafts=self._drafts,
            at=self._at or self.now,
            correlation=self.correlation,
            set_timers=self.added_timers,
            clear_timers=self.removed_timers,
            command_id=command_id,
        )
        try:
            appended = await self._store.append(commit)
        except (StoreFull, StoreBusy) as error:
            appended = await self._append_again(commit, error, patient)
        except BaseException:
            self.broken = True
            raise
        if crash.ARMED:
            crash.reached("engine.after_append")
        self._head = self.state.head = appended.head
        self._timers_before = timers
        if self.cleared or self.extra_timers:
            self.cleared.clear()
            self.extra_timers.clear()
        self._drafts = []
        self._at = None
        return appended

    async def _append_again(self, commit: Commit, error: StoreError, patient: bool) -> Appended:
        """Append what the store refused, as soon as it works again; only a patient flush waits."""
        wait = FIRST_WAIT
        try:
            while patient:
                self.trouble = str(error)
                log.warning("run %s waits for the store: %s", self.run, error)
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
                try:
                    appended = await self._store.append(commit)
                except (StoreFull, StoreBusy) as again:
                    error = again
                else:
                    self.trouble = ""
                    return appended
            raise error
        except BaseException:
            self.broken = True
            raise

    def _set_timers(self, timers: dict[str, datetime]) -> Sequence[Timer]:
        changed = {n: due for n, due in timers.items() if self._timers_before.get(n) != due}
        changed.update(self.extra_timers)
        return [Timer(self.run, name, due) for name, due in changed.items()]


class Mover(Protocol):
    """What moves a session: a workflow or a lifecycle. It emits events, and appends none."""

    session: Session

    def move(self) -> bool:
        """Decide what can be decided without a call. False when there is nothing."""
        ...

    def step_of(self, activity: Activity) -> Step[..., Any]:
        """The step that an activity calls, or whose undo it calls."""
        ...

    def arguments(self, activity: Activity) -> tuple[Sequence[Any], Mapping[str, Any]]:
        """A call's input: copies, so that a step cannot change the run's objects."""
        ...

    def succeed(
        self, activity: Activity, result: object, reused: tuple[str, str] = ("", "")
    ) -> None:
        """A call returned; `reused` says how and from which run, if that was another call."""
        ...

    def retry(self, activity: Activity, error: BaseException, at: datetime) -> None:
        """A call raised, and will be made again at an instant."""
        ...

    def fail(self, activity: Activity, error: BaseException, *, called: bool = True) -> None:
        """A call raised for the last time, or was not even `called`."""
        ...


def record_stopped(mover: Mover, activity: Activity) -> None:
    """A call, or a child, has seen that it is cancelled."""
    mover.session.emit(ActivityStopped(activity.id, "cancelled"))


def record_doubt(mover: Mover, activity: Activity) -> None:
    """Whether a call was made is not known: a person has to find out."""
    mover.session.emit(StepInDoubt(activity.id, activity.name, activity.attempt))


Decide = Callable[[Session], None]
"""Looks at a session and emits events, or raises a refusal and emits nothing."""
