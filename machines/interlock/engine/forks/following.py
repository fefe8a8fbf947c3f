"""Moving a fork: it is given what its parent recorded, and asks a person about the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.engine.calls import CALLS
from interlock.engine.forks import lifecycles
from interlock.engine.forks.given_values import sources_of
from interlock.engine.forks.replaying import replay
from interlock.engine.forks.source import Source
from interlock.engine.forks.telling import said_of
from interlock.engine.lifecycles import LifecycleRun
from interlock.engine.session import Mover, Session, record_stopped
from interlock.engine.workflows import WorkflowRun
from interlock.projections import Activity, Forked, RunState
from interlock.projections.recorded import Outcome, Record, Recorded
from interlock.store.event import Event
from interlock.store.forking import FOLLOW, CallAsked, ForkCaughtUp, OutcomeReplayed
from interlock.store.joining import ActivityStopped, BatchBegun, WaitPassed
from interlock.store.values import Types
from interlock.store.vocabulary import (
    CancelDelivered,
    CancelRequested,
    SleepEnded,
    StepFailed,
    StepResolved,
    StepSucceeded,
    WaitMatched,
    WaitTimedOut,
)

if TYPE_CHECKING:
    from interlock.engine.core import Core

_AT_ONCE = 50
"""Outcomes that are recorded in one commit."""


@dataclass(frozen=True, slots=True)
class _Found:
    """The next recorded outcome of an activity."""

    activity: str
    source: Source
    outcome: Outcome


def may_be_called(session: Session, activity: Activity) -> bool:
    """Whether the world may be touched on behalf of an activity: always, but for a fork's."""
    fork = session.state.fork
    if fork is None:
        return True
    if session.following is None:  # what it has to be given is not known yet
        return False
    return activity.answer == "live" or session.following.is_live(activity, fork)


def callable_now(session: Session) -> Iterable[Activity]:
    """The activities of a fork on whose behalf the world may be touched."""
    return [a for a in session.state.pending.values() if may_be_called(session, a)]


def move_on(session: Session, mover: Mover) -> None:
    """Decide what can be decided without a call; a fork is given what was recorded."""
    if session.following is not None:
        session.following.go_on(mover)
        return
    while mover.move():
        pass


class Following:
    """What a fork is given.

    Attributes:
        own: what the fork itself recorded.
        sources: the run that it was forked from; then the one that that was forked from, …
    """

    def __init__(self, own: Record, sources: Sequence[Source]) -> None:
        self.own = own
        self.sources = sources
        self._given: set[str] = set()  # ids of events of the parent that were delivered
        self._seen = 0
        self._calling: set[str] = set()
        self.more = False

    def note(self, state: RunState, event: Event) -> None:
        """The fork recorded an event."""
        self.own.note(state, event)

    # What is to be done

    def go_on(self, mover: Mover) -> None:
        """Record what is known already, and ask for what is not.

        `more` is set where something is left to be done in another commit.
        """
        session = mover.session
        fork = session.state.fork
        assert fork is not None  # only forks follow
        self.more = False
        self._calling = {*session.calling}
        if isinstance(mover, WorkflowRun) and _has_not_begun(session.state):
            mover.begin_again(self.own.events[0])
        self._move(mover)
        for _ in range(_AT_ONCE):
            if self._give_next(mover, fork):
                self._move(mover)
            elif not self._settle(mover, fork):
                return
        self.more = True

    def _move(self, mover: Mover) -> bool:
        """Let the run move by itself; what has an outcome counts as being under way."""
        state, moved = mover.session.state, False
        mover.session.calling = self._calling | self._under_way(state)
        while mover.move():
            moved = True
            mover.session.calling = self._calling | self._under_way(state)
        return moved

    def _give_next(self, mover: Mover, fork: Forked) -> bool:
        found = self._first(mover.session.state, fork)
        if isinstance(mover, LifecycleRun) and fork.effects == "recorded":
            before = None if found is None else found.outcome.version
            if lifecycles.replay_next(mover, self.own, self.sources[0], fork, before):
                return True
        if found is None:
            return self._deliver_rest(mover, fork)
        while True:
            last = found
            if not self._give(mover, last):
                return True
            found = self._first(mover.session.state, fork)
            if found is None or found.source is not last.source:
                return True
            if last.source.moved_between(last.outcome, found.outcome):
                return True

    def _give(self, mover: Mover, found: _Found) -> bool:
        """Record one outcome. False when commands came before it, which the run has to see."""
        session = mover.session
        if self._deliver(session, found.source, found.outcome.version):
            return False
        activity = session.state.pending[found.activity]
        replay(mover, _types(mover), activity, found.source.run, found.outcome)
        return True

    def _first(self, state: RunState, fork: Forked) -> _Found | None:
        """Of all that is known the outcome that was recorded first."""
        found = [f for a in state.pending.values() if (f := self._next(state, fork, a))]
        return min(found, key=lambda f: f.outcome.version, default=None)

    def _next(self, state: RunState, fork: Forked, activity: Activity) -> _Found | None:
        call = self.own.calls.get(activity.id)
        self._match_all()
        if call is None or activity.status in ("done", "asked") or activity.answer == "live":
            return None
        for source in self.sources:
            known = source.match(self.own, call)
            if known is None or len(known.outcomes) <= len(call.outcomes):
                continue
            outcome = known.outcomes[len(call.outcomes)]
            if self._is_wanted(fork, activity, source, outcome) and self._fits(
                state, activity, source, outcome
            ):
                return _Found(activity.id, source, outcome)
        return self._nearest(activity, call) if activity.answer == "recorded" else None

    def _nearest(self, activity: Activity, call: Recorded) -> _Found | None:
        """What a person said is to be taken, though it was recorded for other input."""
        for source in self.sources:
            like = source.like(self.own, call)
            if like is not None and like.last is not None:
                return _Found(activity.id, source, like.last)
        return None

    def _match_all(self) -> None:
        """Let every call so far have what stands for it, in the order in which they were made."""
        order = self.own.order
        for activity in order[self._seen :]:
            for source in self.sources:
                source.match(self.own, self.own.calls[activity])
        self._seen = len(order)

    def _is_wanted(
        self, fork: Forked, activity: Activity, source: Source, outcome: Outcome
    ) -> bool:
        """Whether an outcome is taken without asking."""
        before = outcome.version <= fork.version and source is self.sources[0]
        return before or fork.effects == "recorded" or activity.answer == "recorded"

    def _fits(self, state: RunState, activity: Activity, source: Source, outcome: Outcome) -> bool:
        """Whether an outcome can be one here, as things stand."""
        body = outcome.event.body
        if isinstance(body, ActivityStopped) and activity.stopping:
            return True
        if isinstance(body, ActivityStopped | CancelDelivered):
            coming = self._undelivered(state, source, outcome.version)
            return any(isinstance(event.body, CancelRequested) for event in coming)
        if isinstance(body, WaitMatched | WaitPassed):
            return any(True for _ in self._undelivered(state, source, outcome.version))
        return True

    # Commands

    def _undelivered(self, state: RunState, source: Source, before: int) -> Iterator[Event]:
        for event in source.inputs(before):
            if event.cause in self.own.commands or event.id in self._given or state.closed:
                continue
            if isinstance(event.body, CancelRequested) and state.cancel is not None:
                continue
            yield event

    def _deliver(self, session: Session, source: Source, before: int) -> bool:
        """Take over the commands that the parent was sent before a version."""
        found = [*self._undelivered(session.state, source, before)]
        who, cause = session.actor, session.cause
        for event in found:
            self._given.add(event.id)
            session.emit(OutcomeReplayed(source.run, event.version))
            session.by(event.actor, event.cause)
            session.emit(event.body)
            session.by(who, cause)
        return bool(found)

    def _deliver_rest(self, mover: Mover, fork: Forked) -> bool:
        """Deliver what came last to a run that waits for something like it."""
        state = mover.session.state
        waits = any(a.kind == "wait" and a.status != "done" for a in state.pending.values())
        if fork.effects != "recorded" or not waits or state.lifecycle:
            return False
        left = [*self._undelivered(state, self.sources[0], self.sources[0].record.version + 1)]
        if not left or isinstance(left[0].body, CancelRequested):
            return False
        return self._deliver(mover.session, self.sources[0], left[0].version + 1)

    # What nothing is known of

    def _settle(self, mover: Mover, fork: Forked) -> bool:
        """Nothing is left to be given: ask about calls, and let time pass.

        True when the run moved by that, or there is something to be given now.
        """
        session = mover.session
        for activity in list(session.state.pending.values()):
            if activity.kind in CALLS:
                self._ask(mover, fork, activity)
            elif fork.effects == "recorded":
                self._elapse(session, activity)
        if self._move(mover) or self._first(session.state, fork) is not None:
            return True
        now = session.state.fork
        given = fork.effects == "recorded" or fork.version != fork.taken
        if given and session.state.ended is None and now is not None and not now.caught_up:
            session.emit(ForkCaughtUp())
        session.cleared.add(FOLLOW)
        return False

    def _ask(self, mover: Mover, fork: Forked, activity: Activity) -> None:
        if activity.status in ("done", "undo failed") or activity.answer == "live":
            return
        if self.is_live(activity, fork):
            return
        if activity.stopping:
            record_stopped(mover, activity)
        elif activity.status != "asked":
            mover.session.emit(CallAsked(activity.id, self._why(fork, activity)))

    def _elapse(self, session: Session, activity: Activity) -> None:
        """A deadline that the parent's record says nothing of is one of this run."""
        if activity.due is None or activity.due > session.now or activity.status == "done":
            return
        if activity.kind == "sleep":
            session.emit(SleepEnded(activity.id))
        elif activity.kind in ("approval", "wait") and not session.state.match(activity):
            session.emit(WaitTimedOut(activity.id))
        elif activity.kind == "join":
            session.emit(BatchBegun(activity.id))

    def is_live(self, activity: Activity, fork: Forked) -> bool:
        """Whether a call is made as in any run. What the parent did is not undone so."""
        if fork.effects != "live":
            return False
        return activity.kind != "undo" or not self._is_parents(fork, activity.of)

    def _is_parents(self, fork: Forked, activity: str) -> bool:
        """Whether a completed call was the parent's, and not this run's own."""
        call = self.own.calls[activity]
        done = call.last
        return call.replayed or (done is not None and done.version <= fork.taken)

    def _why(self, fork: Forked, activity: Activity) -> str:
        """Why a call is asked about, with what there is to answer it."""
        if activity.kind == "undo" and self._is_parents(fork, activity.of):
            said = f"it would undo what {fork.parent} did"
            tells = fork.effects != "live" or self.recorded(activity.id)
            return f"{said}; {self._given_by(fork, activity)}" if tells else said
        return self._given_by(fork, activity)

    def _given_by(self, fork: Forked, activity: Activity) -> str:
        call = self.own.calls[activity.id]
        known = [m for s in self.sources if (m := s.match(self.own, call)) is not None]
        ended = next((m.last for m in known if m.last is not None), None)
        if ended is not None:
            return f"{fork.parent} recorded: {said_of(ended)}"
        likes = (source.like(self.own, call) for source in self.sources)
        like = next((found for found in likes if found is not None), None)
        if like is None or like.last is None:
            return f"{fork.parent} {'has recorded no outcome of it' if known else _NO_CALL}"
        return f"{fork.parent} made it with other input, and recorded: {said_of(like.last)}"

    def recorded(self, activity: str) -> bool:
        """Whether there is a recorded outcome that a person could have taken."""
        call = self.own.calls[activity]
        matches = (source.match(self.own, call) for source in self.sources)
        if any(found is not None and found.last is not None for found in matches):
            return True
        likes = (source.like(self.own, call) for source in self.sources)
        return any(found is not None and found.last is not None for found in likes)

    def _under_way(self, state: RunState) -> set[str]:
        """The calls that end well or badly by themselves, though they may be stopped before."""
        fork, found = state.fork, set[str]()
        assert fork is not None  # only forks follow
        for activity in state.pending.values():
            following = self._next(state, fork, activity) if activity.kind == "step" else None
            if following is not None and isinstance(
                following.outcome.event.body, StepSucceeded | StepFailed | StepResolved
            ):
                found.add(activity.id)
        return found


_NO_CALL = "made no such call"


def _has_not_begun(state: RunState) -> bool:
    over = state.ended is not None or state.compensation is not None or state.ending is not None
    return not over and not state.current


def _types(mover: Mover) -> Types:
    assert isinstance(mover, WorkflowRun | LifecycleRun)  # there are no others
    return mover.program.types


async def follow(engine: Core, session: Session) -> None:
    """Give a fork what it follows; what its parent recorded meanwhile is read, too."""
    if session.state.fork is None:
        return
    if session.following is None:
        async with session.lock:
            if session.broken or session.following is not None:
                return
            made = await sources_of(engine.store, session.run, session.version)
            session.following = Following(*made)
    for source in session.following.sources:
        record = source.record
        record.add(await engine.store.read(source.run, after=record.version))
