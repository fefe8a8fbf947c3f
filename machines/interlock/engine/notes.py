"""Recording what workflow code said while a segment ran: see `interlock.machines.segment`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from interlock.engine import ending, joins
from interlock.engine.pausing import Beginning, begin
from interlock.engine.threads import Thread, place_at
from interlock.machines.errors import BadDefinition
from interlock.machines.segment import (
    Cancelled,
    ChildStarted,
    Note,
    Replied,
    Segment,
    Skipped,
    Started,
)
from interlock.store import joining
from interlock.store.event import Encoded
from interlock.store.within import Within

if TYPE_CHECKING:
    from interlock.engine.workflows import WorkflowRun


def record_notes(run: WorkflowRun, thread: Thread, notes: Sequence[Note]) -> bool:
    """Record what a segment said. False when that cannot be meant: the thread ends badly."""
    try:
        for note in notes:
            _noted(run, thread, note)
    except Exception as error:  # such as a sleep of no length that was started
        file = thread.inner.program.machine.file
        error.add_note(f"in {file}, where the workflow says start(...)")
        ending.end_badly(run, thread, error)
        return False
    return True


def _noted(run: WorkflowRun, thread: Thread, note: Note) -> None:
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


def check(run: WorkflowRun, thread: Thread, segment: Segment, note: Note) -> None:
    """Raise, in the code that says it, what could not be recorded later.

    Raises:
        Unrecordable: a value in it.
        BadDefinition: it cannot be said here.
    """
    if isinstance(note, Started):
        for index, value in enumerate(note.call.args):
            run.encoded(value, f"argument {index + 1} of {note.call.place}")
        for key, value in note.call.kwargs.items():
            run.encoded(value, f"{key} of {note.call.place}")
    elif isinstance(note, ChildStarted):
        said = (n.handle for n in segment.notes if isinstance(n, ChildStarted))
        if note.handle in (*said, *run.state.pending, *run.state.handles):
            message = (
                f"start_child({note.child.name}, id={note.handle!r}): this run has started a "
                "child of that id; await the handle of the first one, or give it another id"
            )
            raise BadDefinition(message)
        _child_input(run, note)
    elif isinstance(note, Replied):
        if not _answered(run, thread):
            raise BadDefinition("reply(...) answers a command, and none was received before it")
        run.encoded(note.value, "the reply")


def _child_started(run: WorkflowRun, thread: Thread, note: ChildStarted) -> None:
    args, kwargs = _child_input(run, note)
    within = Within(thread.id, handle=True, state=run.state.state)
    started = joining.ChildStarted(
        note.handle, note.handle, note.child.name, args, kwargs, note.on_cancel, within=within
    )
    run.session.emit(started)


def _child_input(run: WorkflowRun, note: ChildStarted) -> tuple[list[Encoded], dict[str, Encoded]]:
    name = note.child.name
    args = [run.encoded(v, f"argument {i + 1} of {name}") for i, v in enumerate(note.args)]
    return args, {key: run.encoded(v, f"{key} of {name}") for key, v in note.kwargs.items()}


def _replied(run: WorkflowRun, thread: Thread, note: Replied) -> None:
    command = _answered(run, thread)
    run.session.emit(joining.Replied(command, run.encoded(note.value, "the reply")))


def _answered(run: WorkflowRun, thread: Thread) -> str:
    """Id of the command that a reply answers now, "" for none."""
    return run.folded(thread.id).handling if run.session.exists else ""
