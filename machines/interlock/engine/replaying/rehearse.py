"""Running new code over what a run recorded, from its start, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interlock.engine.forks.replaying import replay as give
from interlock.engine.lifecycles import LifecycleRun
from interlock.engine.replaying.given_up import before_given_up
from interlock.engine.replaying.speech import Said, said
from interlock.engine.replaying.stage import Script, Stage, Stop
from interlock.engine.replaying.verdict import Replayed, Spoken
from interlock.engine.session import record_stopped
from interlock.engine.workflows import WorkflowRun
from interlock.machines.command import Command
from interlock.machines.errors import HandlerFailed, Refused
from interlock.machines.ir import Machine
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.program import Program
from interlock.projections import History, RunState, evolve
from interlock.projections.recorded import INPUTS, Outcome, Record
from interlock.store.errors import InterlockError
from interlock.store.event import Actor, Event
from interlock.store.forking import RunForked
from interlock.store.joining import ActivityStopped, CompensationRequested, StepSkipped, WaitPassed
from interlock.store.values import decode_whole
from interlock.store.vocabulary import (
    CancelDelivered,
    CommandIgnored,
    CommandReceived,
    RunStarted,
    TransitionTaken,
    WaitMatched,
)

_BY_ITSELF = (WaitMatched, WaitPassed, CancelDelivered)
"""Outcomes that a run decides when it is looked at."""

_WITH_CODE = (StepSkipped, WaitPassed)
"""Recorded with what code did: the run goes on behind them later, maybe at another instant."""


class Rehearsal:
    """One run under new code."""

    def __init__(
        self, history: History, program: Program | LifecycleProgram, machines: Mapping[str, Machine]
    ) -> None:
        self._events = before_given_up(history.events)
        self._given_up = len(self._events) < len(history.events)
        self._program = program
        self._machines = {**machines, program.machine.hash: program.machine}
        lines = self._read()
        self._script = Script(lines, program.types)
        machine = program.machine
        self._stage = Stage(history.run, machine.name, machine.hash, self._script)
        self._mover: WorkflowRun | LifecycleRun
        if isinstance(program, LifecycleProgram):
            self._mover = LifecycleRun(self._stage, program)
        else:
            self._mover = WorkflowRun(self._stage, program)
        self._stage.mover = self._mover

    def _read(self) -> list[Said]:
        """What the run's code did; its outcomes, and which of its calls saw their cancellation."""
        record = Record(self._events[0].stream)
        lines: list[Said] = []
        state: RunState | None = None
        self._late: set[str] = set()
        for event in self._events:
            state = evolve(state, event)
            record.note(state, event)
            line = said(state, event)
            if line is not None:
                lines.append(line)
            body = event.body
            if isinstance(body, ActivityStopped) and not body.over:
                self._late.add(body.activity)
        assert state is not None  # histories have events
        self._ended = state.ended is not None
        calls = record.calls.values()
        self._outcomes = {one.version: one for call in calls for one in call.outcomes}
        return lines

    def verdict(self) -> Replayed:
        """Run it, and say what was found."""
        try:
            refused = self._begin() or self._go_on()
        except Stop as stop:
            return self._stopped(stop)
        if refused is not None:
            return refused
        left = self._script.left()
        if left is not None:
            return self._result("diverged", left, None)
        return self._result("same", None, None)

    def _begin(self) -> Replayed | None:
        first = self._events[0]
        body: Any = first.body
        stage, types = self._stage, self._program.types
        stage.at(first.at)
        stage.by(first.actor, first.cause)
        try:
            assert isinstance(body, RunStarted)  # every run begins so
            begun = evolve(None, first)
            given: Any = begun.image.decode(types, [body.args, body.kwargs])
            if isinstance(self._mover, LifecycleRun):
                self._mover.begin(given[0][0], body.input_digest)
            else:
                parent = (body.parent, body.parent_activity)
                self._mover.begin(tuple(given[0]), given[1], body.input_digest, parent)
        except (InterlockError, TypeError, ValueError, LookupError) as error:
            what = Spoken(f"cannot begin with that input: {error}", first.state)
            return Replayed(first.stream, "diverged", 1, None, what)
        return None

    def _go_on(self) -> Replayed | None:
        for event in self._events[1:]:
            self._stage.at(event.at)
            self._stage.by(Actor("worker", "replay"))
            self._stage.calling = {
                new for old, new in self._script.new.items() if old in self._late
            }
            if isinstance(self._mover, LifecycleRun):
                refused = self._lifecycle(self._mover, event)
                if refused is not None:
                    return refused
            else:
                self._workflow(self._mover, event)
        self._move()
        return None

    def _move(self) -> None:
        while self._mover.move():
            pass

    # Workflows

    def _workflow(self, mover: WorkflowRun, event: Event) -> None:
        body, stage = event.body, self._stage
        outcome = self._outcomes.get(event.version)
        if isinstance(body, INPUTS):
            stage.by(event.actor, event.cause)
            stage.emit(body)
        elif isinstance(body, CompensationRequested):
            stage.emit(body, "compensating")
        elif isinstance(body, RunForked):
            stage.emit(body)
            self._mover = WorkflowRun(stage, mover.program)  # with the variables as changed
        elif outcome is None or isinstance(body, _BY_ITSELF):
            # what code says of itself is there already, if what was recorded before led to it
            if event.version not in self._script.done and not isinstance(body, _WITH_CODE):
                self._move()
        else:
            self._give(outcome)

    def _give(self, outcome: Outcome) -> None:
        """Let an outcome be that of the new code's activity, if that still waits for one."""
        body: Any = outcome.event.body
        pending = self._stage.state.pending
        name = self._script.new.get(body.activity, "")
        if name not in pending or pending[name].status == "done":
            self._move()
        mine = pending.get(name)
        if mine is None or mine.status == "done":
            return
        if isinstance(body, ActivityStopped):
            if mine.stopping:
                record_stopped(self._mover, mine)
            else:
                self._move()
            return
        give(self._mover, self._program.types, mine, self._stage.run, outcome)

    # Lifecycles

    def _lifecycle(self, mover: LifecycleRun, event: Event) -> Replayed | None:
        body = event.body
        outcome = self._outcomes.get(event.version)
        if outcome is not None:
            self._give(outcome)
            return None
        self._stage.by(event.actor, event.cause)
        try:
            if isinstance(body, TransitionTaken) and not body.deferred:
                if body.command:
                    self._command(mover, body.value)
                elif event.actor.kind == "timer":
                    mover.expire(body.transition)
            elif isinstance(body, CommandReceived) or _is_ignored(body):
                self._command(mover, getattr(body, "value", None))
        except (Refused, HandlerFailed, LookupError) as error:
            name = getattr(body, "command", "") or getattr(body, "transition", "")
            new = Spoken(f"refuses {name}: {error}", self._stage.state.state)
            state = evolve_to(self._events, event.version)
            known = said(state, event)
            return self._result("diverged", known, new, event.version)
        return None

    def _command(self, mover: LifecycleRun, value: Any) -> None:
        command = decode_whole(self._program.types, value)
        assert isinstance(command, Command)  # nothing else is recorded as one
        mover.command(command)

    # What was found

    def _stopped(self, stop: Stop) -> Replayed:
        past = stop.recorded is None and not self._ended
        return self._result("past" if past else "diverged", stop.recorded, stop.new)

    def _result(
        self, verdict: Any, known: Said | None, new: Said | Spoken | None, version: int = 0
    ) -> Replayed:
        last = self._events[-1].version
        recorded = None if known is None else known.spoken(self._machines.get(known.event.hash))
        if isinstance(new, Said):
            new = new.spoken(self._program.machine)
        at = version or (last if known is None else known.event.version)
        return Replayed(self._events[0].stream, verdict, at, recorded, new, self._given_up)


def _is_ignored(body: object) -> bool:
    return isinstance(body, CommandIgnored) and not body.deferred


def evolve_to(events: Any, version: int) -> RunState:
    """The state after an event."""
    state: RunState | None = None
    for event in events[:version]:
        state = evolve(state, event)
    assert state is not None  # versions begin with 1
    return state
