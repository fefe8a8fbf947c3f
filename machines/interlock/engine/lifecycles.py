"""What a lifecycle's transitions record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from interlock.engine.failures import record_failure
from interlock.engine.session import Session
from interlock.engine.workflows import recorded_arguments
from interlock.machines.command import Command
from interlock.machines.effect import Effect
from interlock.machines.lifecycle_program import LifecycleProgram, Taken
from interlock.machines.step import Step
from interlock.projections import Activity
from interlock.store.errors import Unrecordable
from interlock.store.values import Memory, Touch, encode_whole
from interlock.store.vocabulary import (
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
        """Start in the initial state."""
        encoded, self.data = self.memory.adopt(data, _DATA)
        delta = self.memory.record({_DATA: self.data}, (_DATA,), {}, [])
        started = RunStarted(args=[encoded], input_digest=fingerprint, lifecycle=True, memory=delta)
        initial = self.program.initial
        self.session.emit(started, initial)
        self._enter(initial, self.program.enter(initial, self.data))

    def command(self, command: Command) -> None:
        """Take the transition that a command asks for.

        Raises:
            Refused: none exists from this state, or its guards say no. Nothing is emitted.
        """
        state = self.session.state.state
        taken = self.program.decide(state, self.data, command)
        value = encode_whole(self.program.types, command)
        self._take(taken, type(command).__name__, value)

    def expire(self, edge: str) -> None:
        """Take the transition of an `after` timer."""
        state = self.session.state.state
        self._take(self.program.expire(state, self.data, edge), "", None)

    def _take(self, taken: Taken, command: str, value: Any) -> None:
        self.data = taken.data
        touched = {_DATA: Touch.DEEP}
        delta = self.memory.record({_DATA: self.data}, (_DATA,), touched, [])
        body = TransitionTaken(taken.edge.id, taken.source, command, value, delta)
        self.session.emit(body, taken.target)
        if taken.entered:
            for edge, _ in self.program.timers(taken.source):
                self.session.cleared.add(f"{AFTER}{edge}")
            self._enter(taken.target, taken.effects)

    def _enter(self, state: str, effects: Sequence[Effect]) -> None:
        for edge, delay in self.program.timers(state):
            name = f"{AFTER}{edge}"
            self.session.cleared.discard(name)
            self.session.extra_timers[name] = self.session.now + delay
        for effect in effects:
            self._schedule(effect)
        if state in self.program.final:
            self.session.emit(RunCompleted(), state)

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

    def fail(self, activity: Activity, error: BaseException) -> None:
        """An effect raised for the last time: recorded; the lifecycle stays where it is."""
        failure, _ = record_failure(Memory(self.program.types), error, activity.name)
        failed = StepFailed(activity.id, activity.name, activity.attempt, failure)
        self.session.emit(failed)

    def stopped(self, activity: Activity) -> None:
        """The calls of a lifecycle are not cancelled one by one."""
        raise NotImplementedError
