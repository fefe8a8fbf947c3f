"""What a lifecycle's transitions record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import msgspec

from interlock.engine.failures import message_of, record_failure
from interlock.engine.inputs import recorded_arguments
from interlock.engine.privacy import refuse_forgotten
from interlock.engine.session import Session
from interlock.machines import noting
from interlock.machines.command import Command
from interlock.machines.effect import Effect
from interlock.machines.errors import HandlerFailed, Refused
from interlock.machines.kernel import Snapshot
from interlock.machines.lifecycle_program import LifecycleProgram, Taken
from interlock.machines.segment import at_instant
from interlock.machines.step import Step
from interlock.projections import Activity
from interlock.store.errors import Unrecordable
from interlock.store.values import Memory, Touch, decode_whole, encode_whole
from interlock.store.values.reveals import Reveals
from interlock.store.vocabulary import (
    CommandIgnored,
    CommandReceived,
    RunCompleted,
    RunStarted,
    StepFailed,
    StepScheduled,
    StepSucceeded,
    TransitionTaken,
)

_DATA = "data"
AFTER = "after:"


class LifecycleRun:
    """A session of a lifecycle with its live data."""

    def __init__(self, session: Session, program: LifecycleProgram) -> None:
        self.session = session
        self.program = program
        self.data: Any = None
        if session.exists:
            self.memory, frame = Memory.restore(program.types, session.state.image)
            self.data = frame.get(_DATA)
        else:
            self.memory = Memory(program.types)

    def begin(self, data: object, fingerprint: str) -> None:
        """Start in the initial state, and take what follows by itself."""
        encoded, self.data = self.memory.adopt(data, _DATA)
        delta = self.memory.record({_DATA: self.data}, (_DATA,), {}, [])
        with at_instant(self.session.now):
            begun = noting.decided(self.program, self.program.begin(self.data), recorded=True)
        entered = () if self.program.chart.flat else begun.step.entered
        started = RunStarted(
            args=[encoded],
            input_digest=fingerprint,
            lifecycle=True,
            entered=list(entered),
            memory=delta,
        )
        self.session.emit(started, begun.target)
        self._follow(begun)
        for taken in begun.then:
            self._record(taken)

    def command(self, command: Command) -> None:
        """Take the transitions that a command asks for, and what follows; or keep or ignore it.

        Raises:
            Refused: none exists from these states, or guards say no. Nothing is emitted.
        """
        name = type(command).__name__
        try:
            taken = self._decide(command)
        except Refused as refused:
            noting.refused(self.program, name, refused.said)
            fate = self.program.unhandled(self._place, command)
            if fate == "refuse":
                raise
            body = CommandReceived if fate == "defer" else CommandIgnored
            self.session.emit(body(name, self._encoded(command)))
            return
        self._take(taken, name, self._encoded(command))

    def _encoded(self, command: Command) -> Any:
        """A command as it is recorded: once it is known that it is, for others have no class here.

        Raises:
            Forgotten: it is about somebody who was forgotten.
        """
        types = self.program.types
        value = encode_whole(types, command)
        refuse_forgotten(types.vault, [value])
        return value

    def expire(self, edge: str) -> None:
        """Take the transition of an `after` timer, and what follows."""
        with at_instant(self.session.now), Reveals():
            taken = self.program.expire(self._place, self.data, edge)
        noting.decided(self.program, taken, recorded=True)
        self._take(taken, "", None)

    def _decide(self, command: Command) -> Taken:
        with at_instant(self.session.now), Reveals():
            taken = self.program.decide(self._place, self.data, command)
        return noting.decided(self.program, taken, recorded=True)

    @property
    def _place(self) -> Snapshot:
        state = self.session.state
        history = {name: tuple(back) for name, back in state.remembered.items()}
        return Snapshot(state.configuration, history)

    def _take(self, taken: Taken, command: str, value: Any) -> None:
        self._record_all(taken, command, value, "")
        while self.session.state.inbox and self._retry_deferred():
            pass

    def _record_all(self, taken: Taken, command: str, value: Any, deferred: str) -> None:
        self._record(taken, command, value, deferred)
        for following in taken.then:
            self._record(following)

    def _record(
        self, taken: Taken, command: str = "", value: Any = None, deferred: str = ""
    ) -> None:
        self.data = taken.data
        touched = {_DATA: Touch.DEEP}
        delta = self.memory.record({_DATA: self.data}, (_DATA,), touched, [])
        first, *others = taken.edges
        body = TransitionTaken(first.id, taken.source, command, value, deferred=deferred)
        if not self.program.chart.flat:
            step = taken.step
            body = msgspec.structs.replace(
                body,
                also=[edge.id for edge in others],
                exited=list(step.exited),
                entered=list(step.entered),
                history={name: list(back) for name, back in step.history.items()},
            )
        self.session.emit(msgspec.structs.replace(body, memory=delta), taken.target)
        self._follow(taken)

    def _retry_deferred(self) -> bool:
        """Take the first command that was kept for later and is accepted now."""
        caller, cause = self.session.caller, self.session.cause
        for kept in self.session.state.inbox:
            self.session.by(kept.actor, kept.id)
            try:
                command = cast("Command", decode_whole(self.program.types, kept.value))
                taken = self._decide(command)
            except Refused:
                continue
            except HandlerFailed as error:  # nobody is there to be told
                self.session.emit(CommandIgnored(kept.command, None, kept.id, message_of(error)))
                return True
            else:
                self._record_all(taken, kept.command, kept.value, kept.id)
                return True
            finally:
                self.session.by(caller, cause)
        return False

    def _follow(self, taken: Taken) -> None:
        """The timers of what was left and entered, the effects, and the end."""
        session, step = self.session, taken.step
        for state in step.exited:
            for edge, _ in self.program.timers(state):
                session.extra_timers.pop(f"{AFTER}{edge}", None)
                session.cleared.add(f"{AFTER}{edge}")
        for state in step.entered:
            for edge, delay in self.program.timers(state):
                session.cleared.discard(f"{AFTER}{edge}")
                session.extra_timers[f"{AFTER}{edge}"] = session.now + delay
        for effect in taken.effects:
            self._schedule(effect)
        if step.done:
            session.emit(RunCompleted(), taken.target)

    def _schedule(self, effect: Effect) -> None:
        step = effect.step
        activity = f"{step.name}#{self.session.state.visits + 1}"
        types = self.program.types
        scheduled = StepScheduled(
            activity=activity,
            step=step.name,
            key=f"{self.session.run}/{activity}",
            args=[encode_whole(types, value) for value in effect.args],
            kwargs={name: encode_whole(types, value) for name, value in effect.kwargs.items()},
            hold=step.options.on_crash == "hold",
        )
        self.session.emit(scheduled)
        self.session.intents.add((activity, 1))

    def move(self) -> bool:
        """A lifecycle moves by commands and timers only."""
        return False

    def step_of(self, activity: Activity) -> Step[..., Any]:
        """The step that an effect calls."""
        return self.program.steps[activity.name]

    def arguments(self, activity: Activity) -> tuple[Sequence[Any], Mapping[str, Any]]:
        """The input of an effect, decoded from the log."""
        return recorded_arguments(self.session.state, activity, self.program.types)

    def succeed(
        self, activity: Activity, result: object, reused: tuple[str, str] = ("", "")
    ) -> None:
        """An effect returned; its result is recorded in one piece, for the ledger."""
        try:
            encoded = encode_whole(self.program.types, result)
        except Unrecordable as error:
            self.fail(activity, error)
            return
        how, run = reused
        done = StepSucceeded(
            activity.id, activity.name, encoded, activity.attempt, reused=how, reused_run=run
        )
        self.session.emit(done)

    def retry(self, activity: Activity, error: BaseException, at: datetime) -> None:
        """An effect raised, and will be tried again."""
        failure, _ = record_failure(Memory(self.program.types), error, activity.name)
        failed = StepFailed(activity.id, activity.name, activity.attempt, failure, at)
        self.session.emit(failed)

    def fail(self, activity: Activity, error: BaseException, *, called: bool = True) -> None:
        """An effect raised for the last time: recorded; the lifecycle stays where it is."""
        failure, _ = record_failure(Memory(self.program.types), error, activity.name)
        failed = StepFailed(activity.id, activity.name, activity.attempt, failure, called=called)
        self.session.emit(failed)
