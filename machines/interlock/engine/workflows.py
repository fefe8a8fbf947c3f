"""What a workflow's transitions record: each method decides one, by running one segment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from interlock.engine.failures import EXITS, record_failure
from interlock.engine.session import Session
from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition, TimedOut
from interlock.machines.program import Ended, Paused, Place, Program, Returned
from interlock.machines.selector import edge_exists
from interlock.machines.step import Step
from interlock.machines.waits import Decision
from interlock.projections import Activity, Received, RunState, Undoable
from interlock.store.errors import Unrecordable
from interlock.store.event import Delta, Encoded
from interlock.store.values import Memory, Types, decode_whole, digest
from interlock.store.vocabulary import (
    ApprovalRequested,
    CancelDelivered,
    CompensationStarted,
    Failure,
    RunCancelled,
    RunCompensated,
    RunCompensationFailed,
    RunCompleted,
    RunFailed,
    RunStarted,
    SleepStarted,
    StepFailed,
    StepScheduled,
    StepSucceeded,
    UndoScheduled,
    WaitDeclined,
    WaitMatched,
    WaitStarted,
)


class WorkflowRun:
    """A session of a workflow with its live variables.

    The variables are Python objects while the run is in memory; `memory` knows which of them are
    recorded, so that each event holds only what its segment changed.
    """

    def __init__(self, session: Session, program: Program) -> None:
        self.session = session
        self.program = program
        self.frame: dict[str, Any] = {}
        if session.exists:
            self.memory, self.frame = Memory.restore(program.types, session.state.image)
        else:
            self.memory = Memory(program.types)

    def move(self) -> bool:
        """Deliver a cancellation, go on from an outcome, match a command, or undo the next step."""
        state = self.session.state
        if state.ended is not None:
            return False
        if state.compensation is not None:
            if state.pending:
                return False
            self.undone()
            return True
        activity = next(iter(state.pending.values()))
        if activity.status == "done":
            self.proceed(activity)
        elif self._cancel_due():
            self.deliver_cancel(activity)
        elif activity.kind == "wait" and state.match(activity) is not None:
            self.match(activity)
        else:
            return False
        return True

    def arguments(self, activity: Activity) -> tuple[Sequence[Any], Mapping[str, Any]]:
        """The input of a call, decoded from the log: nothing is shared with the variables."""
        return recorded_arguments(self.session.state, activity, self.program.types)

    def step_of(self, activity: Activity) -> Step[..., Any]:
        """The step that is called in the activity's state, or was in the state that is undone."""
        if activity.kind == "undo":
            stack = self.session.state.stack
            return self._step_at(next(e.state for e in stack if e.activity == activity.of))
        return self._step_at(activity.state)

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any], fingerprint: str) -> None:
        """Start: record the input, run to the first await."""
        kept = [self.memory.adopt(value, f"argument {i + 1}") for i, value in enumerate(args)]
        named = {name: self.memory.adopt(value, name) for name, value in kwargs.items()}
        started = RunStarted(
            args=[encoded for encoded, _ in kept],
            kwargs={name: encoded for name, (encoded, _) in named.items()},
            input_digest=fingerprint,
            memory=self.memory.take(),
        )
        frame = self.program.bind(
            tuple(value for _, value in kept), {name: value for name, (_, value) in named.items()}
        )
        self.session.emit(started, self.program.machine.initial)
        self._advance(self.program.start(frame))

    def succeed(
        self, activity: Activity, result: object, reused: tuple[str, str] = ("", "")
    ) -> None:
        """A step returned: record it, run to the next await."""
        step = self.step_of(activity)
        kept = self._kept(result, step.name)
        if isinstance(kept, Unrecordable):
            self.fail(activity, kept)
            return
        encoded, value = kept
        succeeded = StepSucceeded(
            activity=activity.id,
            step=step.name,
            result=encoded,
            attempt=activity.attempt,
            undoable=step.options.compensate is not None,
            memory=self.memory.take(),
            reused=reused[0],
            reused_run=reused[1],
        )
        self.session.emit(succeeded)
        if self._cancel_due():
            self.deliver_cancel(activity)
        else:
            self._advance(self.program.resume(activity.state, self.frame, value))

    def _kept(self, result: object, step: str) -> tuple[Encoded, object] | Unrecordable:
        """A step's result taken over. The error is returned: no author's code runs in a handler."""
        try:
            return self.memory.adopt(result, f"result of {step}")
        except Unrecordable as error:
            return error

    def retry(self, activity: Activity, error: BaseException, at: datetime) -> None:
        """A step raised, and will be tried again at an instant."""
        name = self.step_of(activity).name
        failure, _ = record_failure(self.memory, error, name)
        self.session.emit(
            StepFailed(
                activity.id, name, activity.attempt, failure,
                retry_at=at, memory=self.memory.take(),
            )
        )  # fmt: skip

    def fail(self, activity: Activity, error: BaseException) -> None:
        """A step raised for the last time: raise that in the workflow."""
        name = self.step_of(activity).name
        failure, raised = record_failure(self.memory, error, name)
        memory = self.memory.take()
        failed = StepFailed(activity.id, name, activity.attempt, failure, memory=memory)
        self.session.emit(failed)
        if self._cancel_due():
            self.deliver_cancel(activity)
        else:
            self._advance(self.program.throw(activity.state, self.frame, raised))

    def proceed(self, activity: Activity) -> None:
        """Move on from an activity whose outcome is recorded already."""
        outcome = activity.outcome
        assert outcome is not None  # its status says so
        state, frame = activity.state, self.frame
        value: object = None
        if outcome.kind == "timed out":
            error = TimedOut(f"{activity.kind} {activity.name!r} timed out")
            self._advance(self.program.throw(state, frame, error))
            return
        if outcome.kind in ("granted", "rejected"):
            granted = outcome.kind == "granted"
            value = Decision(granted, outcome.actor.id, outcome.reason, outcome.at)
        elif outcome.kind == "value":
            value = decode_whole(self.program.types, outcome.value)
        self._advance(self.program.resume(state, frame, value))

    def match(self, wait: Activity) -> None:
        """Offer the inbox to a wait: take the first command that its `where` accepts.

        What `where` raises is raised at the await, and takes the command with it: it would be
        raised again and again.
        """
        declined: list[str] = []
        for received in self.session.state.inbox:
            if received.command not in wait.commands or received.id in wait.declined:
                continue
            wanted = self._wanted(wait, received)
            if wanted is False:
                declined.append(received.id)
                continue
            self.session.emit(WaitMatched(wait.id, received.id))
            if wanted is True:
                self.proceed(wait)
            else:
                self._advance(self.program.throw(wait.state, self.frame, wanted))
            return
        self.session.emit(WaitDeclined(wait.id, declined))

    def _wanted(self, wait: Activity, received: Received) -> BaseException | bool:
        """What the wait's `where` says to a command, or raises."""
        try:
            where = self.program.where(wait.state, self.frame)
            command = decode_whole(self.program.types, received.value)
            return where is None or bool(where(command))
        except EXITS:
            raise
        except BaseException as error:  # it is raised at the await
            return error

    def deliver_cancel(self, activity: Activity) -> None:
        """Raise `CancelledError` where the run waits, as asyncio would."""
        self.session.emit(CancelDelivered(activity.id))
        error = asyncio.CancelledError(self.session.state.cancel or "cancelled")
        self._advance(self.program.throw(activity.state, self.frame, error))

    def undone(self) -> None:
        """Schedule the next undo, or end the run when there is none left."""
        state = self.session.state
        undo = next(iter(reversed(state.stack)), None)
        if undo is not None:
            self._schedule_undo(undo)
            return
        compensation = state.compensation
        assert compensation is not None  # only undoing leads here
        error, done, left = compensation.error, compensation.undone, compensation.not_undone
        if left:
            error = error or Failure("CancelledError", state.cancel or "cancelled")
            failed = RunCompensationFailed(error, list(done), list(left))
            self.session.emit(failed, "compensation failed")
        elif error is None:
            cancelled = RunCancelled(state.cancel or "", list(done))
            self.session.emit(cancelled, "cancelled")
        else:
            self.session.emit(RunCompensated(error, list(done)), "compensated")

    def _schedule_undo(self, undo: Undoable) -> None:
        step = self._step_at(undo.state)
        name = getattr(step.options.compensate, "__name__", "undo")
        activity = f"undo {undo.activity}"
        key = f"{self.session.run}/{activity}"
        scheduled = UndoScheduled(activity, undo.activity, undo.step, name, key)
        self.session.emit(scheduled, "compensating")
        self.session.intents.add((activity, 1))

    def _step_at(self, state: str) -> Step[..., Any]:
        step = self.program.places[state].step
        assert step is not None  # places of kind step have one
        return step

    def _cancel_due(self) -> bool:
        state = self.session.state
        return state.cancel is not None and not state.cancelled

    def _advance(self, ended: Ended) -> None:
        if isinstance(ended, Paused):
            try:
                self._pause(ended)
            except Exception as error:  # what it awaits cannot be waited for
                where = f"{self.program.machine.file}:{ended.place.line}"
                error.add_note(f"at {where}, where the workflow waits for {ended.place.state!r}")
                self._end_badly(error)
        elif isinstance(ended, Returned):
            self._return(ended.value)
        else:
            self._end_badly(ended.error)

    def _return(self, value: object) -> None:
        memory = Memory(self.program.types)  # the variables are gone; the result is what is left
        try:
            result, _ = memory.adopt(value, "result")
        except Unrecordable as error:
            self._end_badly(error)
            return
        self.session.emit(RunCompleted(result, memory.take()), "completed")

    def _end_badly(self, error: BaseException) -> None:
        cancelled = isinstance(error, asyncio.CancelledError) and self.session.state.cancelled
        failure = None if cancelled else record_failure(self.memory, error)[0]
        memory = self.memory.take()  # the variables stay as they were at the last await
        if self.session.state.stack:
            self.session.emit(CompensationStarted(failure, memory), "compensating")
            self.undone()
        elif failure is None:
            reason = self.session.state.cancel or ""
            self.session.emit(RunCancelled(reason), "cancelled")
        else:
            self.session.emit(RunFailed(failure, memory), "failed")

    def _pause(self, paused: Paused) -> None:
        place = paused.place
        edge_exists(self.program.machine, self.session.state.state, place.state)
        activity = f"{place.state}#{self.session.state.visits + 1}"
        pauses: dict[str, Callable[[Paused, Place, str], None]] = {
            "step": self._pause_step,
            "approval": self._pause_approval,
            "sleep": self._pause_sleep,
            "wait": self._pause_wait,
        }
        pauses[place.kind](paused, place, activity)
        frame = paused.frame
        self.frame = {name: frame[name] for name in place.live if name in frame}

    def _record(self, paused: Paused) -> Delta:
        live = paused.place.live
        return self.memory.record(paused.frame, live, paused.touched, paused.writes)

    def _pause_step(self, paused: Paused, place: Place, activity: str) -> None:
        step = self._step_at(place.state)
        encode = self.memory.encode
        args = [encode(v, f"argument {i + 1} of {step.name}") for i, v in enumerate(paused.args)]
        kwargs = {n: encode(v, f"{n} of {step.name}") for n, v in paused.kwargs.items()}
        scheduled = StepScheduled(
            activity=activity,
            step=step.name,
            key=f"{self.session.run}/{activity}",
            args=args,
            kwargs=kwargs,
            hold=step.options.on_crash == "hold",
            memory=self._record(paused),
        )
        self.session.emit(scheduled, place.state)
        self.session.intents.add((activity, 1))

    def _pause_approval(self, paused: Paused, place: Place, activity: str) -> None:
        name, about, timeout = _approval(*paused.args, **paused.kwargs)
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]  untyped callers
            message = f"approval({name!r}): the name of an approval is text"
            raise BadDefinition(message)
        facts = self.memory.encode(about, f"about of approval {name!r}")
        requested = ApprovalRequested(
            activity, name, facts, self._deadline(timeout), self._record(paused)
        )
        self.session.emit(requested, place.state)

    def _pause_sleep(self, paused: Paused, place: Place, activity: str) -> None:
        until = self._deadline(_sleep(*paused.args, **paused.kwargs))
        assert until is not None  # how_long is required
        started = SleepStarted(activity, until, self._record(paused))
        self.session.emit(started, place.state)

    def _pause_wait(self, paused: Paused, place: Place, activity: str) -> None:
        kwargs = {name: value for name, value in paused.kwargs.items() if name != "where"}
        timeout = kwargs.get("timeout")
        commands = [command.__name__ for command in place.commands]
        deadline = self._deadline(timeout)
        started = WaitStarted(activity, commands, deadline, self._record(paused))
        self.session.emit(started, place.state)

    def _deadline(self, timeout: Any) -> datetime | None:
        return None if timeout is None else self.session.now + duration(timeout)


def recorded_arguments(
    state: RunState, activity: Activity, types: Types
) -> tuple[list[Any], dict[str, Any]]:
    """The input of a call, decoded against the run's memory at this version."""

    def decode(value: Encoded) -> Any:
        plain = not isinstance(value, dict | list)  # most are: they stand for themselves
        return value if plain else state.image.decode(types, value)

    kwargs = {name: decode(value) for name, value in activity.kwargs.items()}
    return [decode(value) for value in activity.args], kwargs


def _approval(name: str, *, about: object = None, timeout: Any = None) -> tuple[str, object, Any]:
    return name, about, timeout


def _sleep(how_long: Any) -> Any:
    return how_long


def input_digest(program: Program, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Digest of a start's input: equal for equal arguments, however they were passed."""
    bound = program.bind(args, kwargs)
    return digest(program.types, cast("object", bound))
