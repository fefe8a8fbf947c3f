"""A workflow's run: each method decides a transition, by running one segment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVarTuple

from interlock.engine import ending, joins
from interlock.engine.failures import EXITS, record_failure, record_whole_failure
from interlock.engine.inputs import recorded_arguments
from interlock.engine.notes import check, record_notes
from interlock.engine.outcomes import error_of, is_failed, value_of
from interlock.engine.pausing import Beginning, begin
from interlock.engine.session import Session
from interlock.engine.threads import Thread, helper_of, place_at, stands_at_call
from interlock.machines.program import Ended, Paused, Place, Program, Raised, Returned
from interlock.machines.segment import Segment
from interlock.machines.step import Step
from interlock.projections import Activity, Received, RunState
from interlock.projections import Thread as Branch
from interlock.store.errors import Unrecordable
from interlock.store.event import Encoded, Event
from interlock.store.running import RUNNING
from interlock.store.secrecy import KeyStoreError
from interlock.store.values import Memory, decode_whole, encode_whole
from interlock.store.values.reveals import Reveals, mark
from interlock.store.vocabulary import (
    CancelDelivered,
    RunStarted,
    StepFailed,
    StepSucceeded,
    WaitDeclined,
    WaitMatched,
)
from interlock.store.within import Within

Given = TypeVarTuple("Given")


class WorkflowRun:
    """A session of a workflow, with the live variables of its threads.

    The variables are Python objects while the run is in memory; a thread's memory knows which of
    them are recorded, so that each event holds only what its segment changed.
    """

    def __init__(self, session: Session, program: Program) -> None:
        self.session = session
        self.program = program
        self._threads: dict[str, Thread] = {}

    @property
    def state(self) -> RunState:
        """The folded run."""
        return self.session.state

    # Threads

    def thread(self, name: str) -> Thread:
        """A thread with its variables, "" for the workflow's own; restored when it is not here."""
        found = self._threads.get(name)
        if found is None:
            found = self._threads[name] = self._restored(name)
        return found

    def _restored(self, name: str) -> Thread:
        types = self.program.types
        if not self.session.exists:
            return Thread("", "", self.program, Memory(types))
        state = self.state
        folded = self.folded(name)
        root, program = "", self.program
        if name:
            activity = state.pending[name]
            program = helper_of(place_at(program, activity.state))
            root = f"{activity.state}/"
        memory, variables = Memory.restore(types, folded.image)
        thread = Thread(name, root, program, memory)
        thread.restore(folded.state, variables)
        return thread

    def folded(self, name: str) -> RunState | Branch:
        """What the log says of a thread."""
        state = self.session.state
        return state.threads[name] if name else state

    def branch(
        self, name: str, place: Place, state: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Thread, dict[str, Any]]:
        """A new branch, and its first frame: copies of what it is given.

        Raises:
            TypeError: the arguments do not fit the helper.
        """
        program = helper_of(place)
        memory = Memory(self.program.types)
        frame = program.bind(tuple(args), dict(kwargs))
        frame = {name: memory.adopt(value, name)[1] for name, value in frame.items()}
        thread = self._threads[name] = Thread(name, f"{state}/", program, memory)
        return thread, frame

    def forget(self, name: str) -> None:
        """A branch is over."""
        self._threads.pop(name, None)

    def go(self, thread: Thread, action: Callable[[*Given], Ended], *given: *Given) -> None:
        """Run code of a thread to its next await, and record what it said and where it stands."""
        session, name = self.session, thread.id
        prefix, told = (f"{name}/", self.folded(name)) if name else ("", session.state)
        running = thread.segment = Segment(
            session.run, prefix, told.visits + 1, session.now,
            f"{thread.root}{thread.levels[-1].prefix}", partial(check, self, thread),
        )  # fmt: skip
        token = RUNNING.set(running)
        try:
            ended = action(*given)
        except BaseException as error:
            mark(error, running.revealed)
            raise
        finally:
            RUNNING.reset(token)
            thread.segment = None  # no circle: what is over is freed at once
        if isinstance(ended, Raised):
            mark(ended.error, running.revealed)
        if not running.notes or record_notes(self, thread, running.notes):
            self._advance(thread, ended)

    def _advance(self, thread: Thread, ended: Ended) -> None:
        if isinstance(ended, Paused):
            wrong = self._pause(thread, ended)
            if wrong is not None:  # outside of its handler: author's code runs
                self.go(thread, thread.reject, ended, wrong)
        elif isinstance(ended, Returned):
            ending.end_well(self, thread, ended.value)
        else:
            ending.end_badly(self, thread, ended.error)

    def _pause(self, thread: Thread, paused: Paused) -> Exception | None:
        """Record that a thread waits; what is to be raised there if it cannot wait for that."""
        place = paused.place
        inner = thread.levels[-1].prefix
        state: str | None = f"{thread.root}{inner}{place.state}"
        within = None
        if thread.id:
            name = f"{thread.id}/{inner}{place.state}#{self.folded(thread.id).visits + 1}"
            within, state = Within(thread.id, state=state or ""), None
        else:
            name = f"{inner}{place.state}#{self.session.state.visits + 1}"
        beginning = Beginning(
            self, place, name, paused.args, paused.kwargs, thread.memory.encode,
            partial(thread.record, paused), f"{thread.root}{inner}", within, state,
        )  # fmt: skip
        try:
            begin(beginning)
        except KeyStoreError:
            raise  # nothing that the workflow could answer: the run stands still
        except Exception as error:  # what it awaits cannot be waited for
            where = f"{thread.inner.program.machine.file}:{place.line}"
            error.add_note(f"at {where}, where the workflow waits for {place.state!r}")
            if thread.stands_at(paused):  # it is a variable that cannot be recorded
                ending.end_badly(self, thread, error)
                return None
            return error
        return None

    # Moving on by itself

    def move(self) -> bool:
        """Decide what can be decided without a call. False when there is nothing."""
        state = self.session.state
        if state.compensation is not None or state.ended is not None:
            return ending.undo_next(self)
        if stands_at_call(state):
            return False
        moved = False
        for name in ("", *state.threads):
            over = state.ended is not None or state.compensation is not None
            if not over and (not name or name in state.threads):
                moved = self._move_thread(name) or moved
        if state.ending is not None:
            return ending.finish(self) or moved
        if state.inbox and state.ended is None:
            moved = self._match_members() or moved
        return moved

    def _move_thread(self, name: str) -> bool:
        activity = self.state.pending.get(self.folded(name).current)
        if activity is None:
            return False
        if activity.status == "done":
            self.proceed(activity)
        elif activity.join is not None:
            return joins.look(self, activity, cancelled=self.cancel_due(name))
        elif self.cancel_due(name):
            return joins.cancel_wait(self, activity)
        elif activity.kind == "wait" and self.state.match(activity) is not None:
            self.match(activity)
        else:
            return False
        return True

    def _match_members(self) -> bool:
        waits = [a for a in self.state.pending.values() if a.kind == "wait" and not a.alone]
        for wait in waits:
            received = self.state.match(wait)
            if received is not None:
                self.session.emit(WaitMatched(wait.id, received.id))
                return True
        return False

    def cancel_due(self, name: str) -> bool:
        """Whether a thread has to be told that it is cancelled."""
        state = self.session.state
        told: RunState | Branch = state.threads[name] if name else state
        return told.cancel is not None and not told.cancelled

    def proceed(self, activity: Activity) -> None:
        """Move on from an activity whose outcome is recorded already."""
        outcome = activity.outcome
        assert outcome is not None  # its status says so
        thread = self.thread(activity.thread)
        if outcome.kind == "cancelled" and self.cancel_due(thread.id):
            self.deliver_cancel(activity)
        elif is_failed(outcome):
            error = error_of(outcome, self.program.types)
            self.go(thread, thread.throw, error)
        else:
            value = value_of(outcome, self.program.types)
            self.go(thread, thread.resume, value)

    def deliver_cancel(self, activity: Activity) -> None:
        """Raise `CancelledError` where a thread waits, as asyncio would."""
        thread = self.thread(activity.thread)
        folded = self.folded(thread.id)
        reason = folded.cancel
        self.session.emit(CancelDelivered(activity.id))
        self.go(thread, thread.throw, asyncio.CancelledError(reason or "cancelled"))

    def match(self, wait: Activity) -> None:
        """Offer the inbox to a wait: take the first command that its `where` accepts.

        What `where` raises is raised at the await, and takes the command with it: it would be
        raised again and again.
        """
        declined: list[str] = []
        thread = self.thread(wait.thread)
        for received in self.state.offered(wait):
            wanted = self._wanted(thread, received)
            if wanted is False:
                declined.append(received.id)
                continue
            self.session.emit(WaitMatched(wait.id, received.id))
            if wanted is True:
                self.proceed(wait)
            else:
                self.go(thread, thread.throw, wanted)
            return
        self.session.emit(WaitDeclined(wait.id, declined))

    def _wanted(self, thread: Thread, received: Received) -> BaseException | bool:
        """What the wait's `where` says to a command, or raises."""
        try:
            command = decode_whole(self.program.types, received.value)
            with Reveals():
                return thread.wants(command, self.session.now)
        except EXITS:
            raise
        except BaseException as error:  # it is raised at the await
            return error

    def rules(self, approval: Activity) -> tuple[Any, Any]:
        """`approvers=` and `escalate=` of an approval that waits, to find their functions again."""
        return self.thread(approval.thread).rules() if approval.alone else (None, None)

    # Calls

    def arguments(self, activity: Activity) -> tuple[Sequence[Any], Mapping[str, Any]]:
        """The input of a call, decoded from the log: nothing is shared with the variables."""
        return recorded_arguments(self.session.state, activity, self.program.types)

    def step_of(self, activity: Activity) -> Step[..., Any]:
        """The step that is called in the activity's state, or was in the state that is undone."""
        state, of = activity.state, activity.of
        if activity.kind == "undo":
            state = next(e.state for e in reversed(self.state.stack) if e.activity == of)
        place = self.program.places.get(state)
        return self.step_at(state) if place is None or place.step is None else place.step

    def step_at(self, state: str) -> Step[..., Any]:
        """The step of a state."""
        place = self.program.places.get(state) or place_at(self.program, state)
        assert place.step is not None  # places of kind step have one
        return place.step

    def begin(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        fingerprint: str,
        parent: tuple[str, str] = ("", ""),
    ) -> None:
        """Start: record the input, run to the first await."""
        thread = self.thread("")
        memory = thread.memory
        kept = [memory.adopt(value, f"argument {i + 1}") for i, value in enumerate(args)]
        named = {name: memory.adopt(value, name) for name, value in kwargs.items()}
        started = RunStarted(
            args=[encoded for encoded, _ in kept],
            kwargs={name: encoded for name, (encoded, _) in named.items()},
            input_digest=fingerprint,
            memory=memory.take(),
            parent=parent[0],
            parent_activity=parent[1],
        )
        frame = self.program.bind(
            tuple(value for _, value in kept), {name: value for name, (_, value) in named.items()}
        )
        self.session.emit(started, self.program.machine.initial)
        self.go(thread, thread.start, frame)

    def begin_again(self, started: Event) -> None:
        """Run to the first await once more, with the recorded input as it was changed since."""
        body, image, types = started.body, self.state.image, self.program.types
        assert isinstance(body, RunStarted)  # every run begins so
        given: Any = image.decode(types, [body.args, body.kwargs])
        frame = self.program.bind(tuple(given[0]), given[1])
        frame |= {name: image.decode(types, held) for name, held in image.variables.items()}
        thread = self.thread("")
        self.go(thread, thread.start, frame)

    def succeed(
        self, activity: Activity, result: object, reused: tuple[str, str] = ("", "")
    ) -> None:
        """A step returned: record it, run to the next await."""
        step = self.step_of(activity)
        alone = activity.alone
        thread = self.thread(activity.thread if alone else "")
        try:
            if alone:
                encoded, value = thread.memory.adopt(result, f"result of {step.name}")
            else:
                encoded, value = self.encoded(result, f"result of {step.name}"), None
        except Unrecordable as error:
            refused = error
        else:
            memory = thread.memory.take() if alone else None
            undoable = step.options.compensate is not None
            done = StepSucceeded(
                activity.id, step.name, encoded, activity.attempt, undoable, memory, *reused,
                step.options.irreversible,
            )  # fmt: skip
            self.session.emit(done)
            if alone:  # a join is looked at by `move`
                self._go_on(thread, activity, thread.resume, value)
            return
        self.fail(activity, refused)  # outside of the handler: author's code runs in it

    def encoded(self, value: object, path: str) -> Encoded:
        """A value in one piece."""
        return encode_whole(self.program.types, value, path)

    def retry(self, activity: Activity, error: BaseException, at: datetime) -> None:
        """A step raised, and will be tried again at an instant."""
        failed, _ = self._failed(activity, error, at)
        self.session.emit(failed)

    def fail(self, activity: Activity, error: BaseException, *, called: bool = True) -> None:
        """A step raised for the last time, or was not `called`: raise that in the workflow."""
        failed, raised = self._failed(activity, error, None, called)
        self.session.emit(failed)
        if activity.alone:
            thread = self.thread(activity.thread)
            self._go_on(thread, activity, thread.throw, raised)

    def _failed(
        self, activity: Activity, error: BaseException, at: datetime | None, called: bool = True
    ) -> tuple[StepFailed, BaseException]:
        name = self.step_of(activity).name
        if activity.alone:
            own = self.thread(activity.thread).memory
            failure, raised = record_failure(own, error, name)
            memory = own.take()
        else:
            failure, memory = record_whole_failure(self.program.types, error, name), None
            raised = error
        failed = StepFailed(activity.id, name, activity.attempt, failure, at, memory, called)
        return failed, raised

    def _go_on(
        self, thread: Thread, activity: Activity, action: Callable[[*Given], Ended], *given: *Given
    ) -> None:
        """Move the code on that stands still for an activity."""
        if self.cancel_due(thread.id):
            self.deliver_cancel(activity)
        else:
            self.go(thread, action, *given)
