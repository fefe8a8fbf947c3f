"""Phrases of a run that does several things at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from interlock.cli.text import compact, instant
from interlock.cli.wording import Plain, name_of
from interlock.store.event import Event
from interlock.store.failure import Failure
from interlock.store.joining import (
    ActivityStopped,
    BatchBegun,
    BatchEnded,
    BranchRaised,
    BranchReturned,
    BranchStarted,
    CallFailed,
    ChildEnded,
    ChildStarted,
    CompensationRequested,
    How,
    JoinStarted,
    Replied,
    RunEnding,
    StepSkipped,
    WaitPassed,
)


def _join(event: Event, body: JoinStarted, plain: Plain) -> str:
    most = f", {body.limit} at a time" if 0 < body.limit < len(body.calls) else ""
    count = "1 call" if len(body.calls) == 1 else f"{len(body.calls)} calls"
    return f"{body.how} of {count}{most}"


def _batch_ended(event: Event, body: BatchEnded, plain: Plain) -> str:
    return f"the next batch begins at {instant(body.until)}"


def _batch_begun(event: Event, body: BatchBegun, plain: Plain) -> str:
    return "the next batch begins"


def _call_failed(event: Event, body: CallFailed, plain: Plain) -> str:
    return f"call {body.index + 1} could not begin: {error_text(body.error)}"


def _branch(event: Event, body: BranchStarted, plain: Plain) -> str:
    shown = [compact(plain(value)) for value in body.args]
    shown += [f"{name}={compact(plain(value))}" for name, value in body.kwargs.items()]
    given = f" with {', '.join(shown)}" if shown else ""
    return f"branch {body.name.rpartition('/')[2]} begins{given}"


def _branch_returned(event: Event, body: BranchReturned, plain: Plain) -> str:
    return f"branch returned {compact(plain(body.result))}"


def _branch_raised(event: Event, body: BranchRaised, plain: Plain) -> str:
    return f"branch raised {error_text(body.error)}"


def _child(event: Event, body: ChildStarted, plain: Plain) -> str:
    return f"child {body.machine} begins: run {body.child}"


def _child_ended(event: Event, body: ChildEnded, plain: Plain) -> str:
    if body.error is not None:
        return f"child is {body.status}: {error_text(body.error)}"
    return f"child {body.status} with {compact(plain(body.result))}"


def _stopped(event: Event, body: ActivityStopped, plain: Plain) -> str:
    """Which call of a join it was is said before."""
    name = name_of(body.activity)
    word = "cancelled" if body.over else "being cancelled"
    if body.activity.endswith("]"):
        said = word
    elif name.rpartition("/")[2].partition(":")[0] in get_args(How):
        said = f"the other calls of {name} are {word}"
    else:
        said = f"{name} is {word}"
    return f"{said}: {body.reason}" if body.reason else said


def _left_alone(event: Event, body: ActivityStopped, plain: Plain) -> str:
    """Of a child that outlives the run; which call of a join it was is said before."""
    named = "" if body.activity.endswith("]") else f"{name_of(body.activity)} "
    if body.over:
        return f"{named}is left to itself" if named else "left to itself"
    why = "the run is cancelled" if body.reason == "cancelled" else body.reason
    return f"{named}goes on by itself" + (f": {why}" if why else "")


def _all_left(event: Event, body: RunEnding, plain: Plain) -> str:
    return "the workflow has ended; what it started beside itself goes on by itself"


def _skipped(event: Event, body: StepSkipped, plain: Plain) -> str:
    return f"skipped: {body.reason}"


def _replied(event: Event, body: Replied, plain: Plain) -> str:
    return f"replied {compact(plain(body.value))}"


def _passed(event: Event, body: WaitPassed, plain: Plain) -> str:
    return "no such command had come"


def _ending(event: Event, body: RunEnding, plain: Plain) -> str:
    return "the workflow has ended; what it started beside itself is being stopped"


def _compensation(event: Event, body: CompensationRequested, plain: Plain) -> str:
    return f"what it did is to be undone: {body.reason}"


def error_text(error: Failure) -> str:
    """An error in one line."""
    return f"{error.type}: {error.message}" if error.message else error.type


JOINED: dict[str, Callable[[Event, Any, Plain], str]] = {
    JoinStarted.__name__: _join,
    BatchEnded.__name__: _batch_ended,
    BatchBegun.__name__: _batch_begun,
    CallFailed.__name__: _call_failed,
    BranchStarted.__name__: _branch,
    BranchReturned.__name__: _branch_returned,
    BranchRaised.__name__: _branch_raised,
    ChildStarted.__name__: _child,
    ChildEnded.__name__: _child_ended,
    ActivityStopped.__name__: _stopped,
    StepSkipped.__name__: _skipped,
    Replied.__name__: _replied,
    WaitPassed.__name__: _passed,
    RunEnding.__name__: _ending,
    CompensationRequested.__name__: _compensation,
}
"""The phrase of each of these events, by its name."""

LEFT_ALONE: dict[str, Callable[[Event, Any, Plain], str]] = {
    ActivityStopped.__name__: _left_alone,
    RunEnding.__name__: _all_left,
}
"""The same, where what is stopped are children that go on by themselves."""
