"""What an event says that a run's code did: such that two of them can be compared, and told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from interlock.engine.replaying.verdict import Spoken
from interlock.machines.ir import Machine, Text
from interlock.projections import RunState
from interlock.projections.parsing import parse
from interlock.store.decisions import ApprovalRequested
from interlock.store.event import Body, Encoded, Event
from interlock.store.joining import (
    BranchRaised,
    BranchReturned,
    BranchStarted,
    ChildStarted,
    JoinStarted,
    Replied,
    RunEnding,
)
from interlock.store.values import Image, Types, canonical, encode_whole
from interlock.store.vocabulary import (
    CompensationStarted,
    RunCancelled,
    RunCompleted,
    RunFailed,
    SleepStarted,
    StepScheduled,
    TransitionTaken,
    UndoScheduled,
    WaitStarted,
)


@dataclass(frozen=True, slots=True)
class Said:
    """What code did.

    Attributes:
        event: that recorded it.
        thread: the branch whose code it was, "" for the workflow's own.
        activity: what began, "" for nothing.
        join, index: of a member of a join: which, and its place.
        did: in words.
        given: what it gave, encoded.
        image: the objects that this refers to, as they were then.
        also: what else has to be the same.
        state: where.
    """

    event: Event
    thread: str
    activity: str
    did: str
    given: Encoded
    image: Image
    state: str
    also: tuple[object, ...] = ()
    join: str = ""
    index: int = 0

    def spoken(self, machine: Machine | None) -> Spoken:
        """For people, with the line of the author's source."""
        file, line, text = _source(machine, self)
        return Spoken(self.did, self.state, self.image.plain(self.given), file, line, text)

    def equals(self, other: Said, types: Types) -> bool:
        """Whether another one did the same, with the same."""
        if (self.did, self.also) != (other.did, other.also):
            return False
        return self.key(types) == other.key(types)

    def key(self, types: Types) -> bytes:
        """What it gave; as the new classes have it, where they can read it."""
        try:
            value = self.image.decode(types, self.given)
            return canonical(encode_whole(types, value), {})
        except Exception:  # a class that is not known any more, or an object inside itself
            return canonical(self.given, self.image.nodes)


def said(state: RunState, event: Event) -> Said | None:
    """What an event says that code did, None when it says no such thing; `state` is after it."""
    body: Any = event.body
    tell = _TELL.get(type(event.body))
    if tell is None:
        return None
    within = getattr(body, "within", None)
    thread = "" if within is None else within.thread
    if isinstance(body, BranchReturned | BranchRaised):
        thread = body.activity
    activity = getattr(body, "activity", "")
    pending = state.pending.get(activity)
    where = pending.state if pending is not None else event.state
    owner = state.threads.get(thread)
    image = (state.image if owner is None else owner.image).copy()
    did, given, also = tell(body, state)
    join, index = ("", 0) if within is None else (within.join, within.index)
    return Said(event, thread, activity, did, given, image, where, also, join, index)


Told = tuple[str, Encoded, tuple[object, ...]]


def _step(body: StepScheduled, state: RunState) -> Told:
    activity = state.pending[body.activity]
    return f"calls {body.step}", _input(activity.args, activity.kwargs), ()


def _input(args: Any, kwargs: Any) -> Encoded:
    given: list[Encoded] = [*args]
    return [*given, dict(kwargs)] if kwargs else given


def _approval(body: ApprovalRequested, state: RunState) -> Told:
    return f"asks for approval {body.name}", body.about, (body.quorum, body.approvers)


def _sleep(body: SleepStarted, state: RunState) -> Told:
    return "sleeps", None, (body.until,)


def _wait(body: WaitStarted, state: RunState) -> Told:
    return f"waits for {' or '.join(body.commands)}", None, (body.deadline,)


def _join(body: JoinStarted, state: RunState) -> Told:
    calls = [_input(call.args, call.kwargs) for call in body.calls]
    also = (tuple(body.names), body.limit, body.collect, body.size, body.delay)
    return f"begins {body.how} of {len(calls)}", [*calls], also


def _child(body: ChildStarted, state: RunState) -> Told:
    activity = state.pending[body.activity]
    return f"starts child {body.machine}", _input(activity.args, activity.kwargs), ()


def _branch(body: BranchStarted, state: RunState) -> Told:
    return f"begins {body.name}", _input(body.args, body.kwargs), ()


def _replied(body: Replied, state: RunState) -> Told:
    return "replies", body.value, ()


def _undo(body: UndoScheduled, state: RunState) -> Told:
    return f"undoes {body.step}", None, (body.undo,)


def _returned(body: RunCompleted | BranchReturned, state: RunState) -> Told:
    return "returns", body.result, ()


def _raised(body: RunFailed | BranchRaised | CompensationStarted, state: RunState) -> Told:
    error = body.error
    return ("raises", f"{error.type}: {error.message}", ()) if error else ("is cancelled", None, ())


def _cancelled(body: RunCancelled, state: RunState) -> Told:
    return "is cancelled", None, ()


def _ending(body: RunEnding, state: RunState) -> Told:
    if body.error is not None:
        return "raises", f"{body.error.type}: {body.error.message}", ()
    return ("is cancelled", None, ()) if body.cancelled else ("returns", body.result, ())


def _moved(body: TransitionTaken, state: RunState) -> Told:
    return f"moves to {' and '.join(state.configuration)}", None, ()


_TELL: dict[type[Body], Callable[[Any, RunState], Told]] = {
    StepScheduled: _step,
    ApprovalRequested: _approval,
    SleepStarted: _sleep,
    WaitStarted: _wait,
    JoinStarted: _join,
    ChildStarted: _child,
    BranchStarted: _branch,
    Replied: _replied,
    UndoScheduled: _undo,
    RunCompleted: _returned,
    BranchReturned: _returned,
    RunFailed: _raised,
    BranchRaised: _raised,
    CompensationStarted: _raised,
    RunCancelled: _cancelled,
    RunEnding: _ending,
    TransitionTaken: _moved,
}


def _source(machine: Machine | None, said: Said) -> tuple[str, int, str]:
    """File, line and text of where it was said, as far as that is known."""
    if machine is None:
        return "", 0, ""
    file, line = _place(machine, said)
    for text in (Text(machine.file, machine.line, machine.source), *machine.helpers):
        if line and text.file == file:
            lines = text.source.splitlines()
            place = line - text.line + _decorators(text.source)
            if 0 <= place < len(lines):
                return file, line, lines[place].strip()
    return (file, line, "") if line else ("", 0, "")


def _place(machine: Machine, said: Said) -> tuple[str, int]:
    body = said.event.body
    if isinstance(body, TransitionTaken):
        lines = {edge.id: edge.line for edge in machine.edges}
        return machine.file, lines.get(body.transition, 0)
    node = machine.places.get(said.state) or machine.places.get(said.event.state)
    return (machine.file, 0) if node is None else (node.file or machine.file, node.line)


def _decorators(source: str) -> int:
    """How many lines stand above the `def` or `class`, whose line is the definition's."""
    try:
        return parse(dedent(source)).body[0].lineno - 1
    except (SyntaxError, IndexError):
        return 0
