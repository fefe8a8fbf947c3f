"""Recording what workflow code said while a segment ran: see `interlock.machines.segment`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.engine import joins
from interlock.engine.pausing import Beginning, begin
from interlock.engine.threads import Thread, place_at
from interlock.machines.errors import BadDefinition
from interlock.machines.segment import Cancelled, ChildStarted, Note, Replied, Skipped, Started
from interlock.store import joining
from interlock.store.within import Within

if TYPE_CHECKING:
    from interlock.engine.workflows import WorkflowRun


def noted(run: WorkflowRun, thread: Thread, note: Note) -> None:
    """Record one note."""
    if isinstance(note, Started):
        _started(run, thread, note)
    elif isinstance(note, ChildStarted):
        _child_started(run, thread, note)
    elif isinstance(note, Cancelled):
        activity = run.state.pending.get(note.handle)
        if activity is not None:
            joins.stop(run, activity, "its handle was cancelled")
    elif isinstance(note, Skipped):
        run.session.emit(joining.StepSkipped(note.reason))
    else:
        _replied(run, thread, note)


def _started(run: WorkflowRun, thread: Thread, note: Started) -> None:
    call = note.call
    state = f"{note.where}{call.place}"
    place = place_at(run.program, state)
    within = Within(thread.id, handle=True, state=state)
    begin(Beginning(
        run, place, note.handle, call.args, call.kwargs, run.encoded, _nothing, note.where, within,
    ))  # fmt: skip


def _nothing() -> None:
    """What is started on its own says nothing of variables: the segment's pause does."""


def _child_started(run: WorkflowRun, thread: Thread, note: ChildStarted) -> None:
    name = note.child.name
    args = [run.encoded(v, f"argument {i + 1} of {name}") for i, v in enumerate(note.args)]
    kwargs = {key: run.encoded(v, f"{key} of {name}") for key, v in note.kwargs.items()}
    within = Within(thread.id, handle=True, state=run.state.state)
    started = joining.ChildStarted(
        note.handle, note.handle, name, args, kwargs, note.on_cancel, within=within
    )
    run.session.emit(started)


def _replied(run: WorkflowRun, thread: Thread, note: Replied) -> None:
    command = run.folded(thread.id).handling
    if not command:
        raise BadDefinition("reply(...) answers a command, and none was received before it")
    run.session.emit(joining.Replied(command, run.encoded(note.value, "the reply")))
