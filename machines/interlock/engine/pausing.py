"""What a run records when it begins to wait for something: one function a kind of place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from interlock.engine.asking import ask
from interlock.engine.planning import plan
from interlock.machines.duration import duration
from interlock.machines.program import Place
from interlock.store.event import Delta, Encoded
from interlock.store.joining import BranchStarted, ChildStarted, WaitPassed
from interlock.store.values.atom import PLAIN
from interlock.store.vocabulary import SleepStarted, StepScheduled, WaitStarted
from interlock.store.within import Within

if TYPE_CHECKING:
    from interlock.engine.workflows import WorkflowRun


class Beginning(msgspec.Struct):
    """An activity that is about to begin.

    Attributes:
        run: whose it is.
        place: what it is.
        id: of the activity.
        args, kwargs: what the call is given.
        encode: into the memory of its thread, or in one piece.
        root: what names of places begin with in its code.
        delta: what the event has to say of the variables; asked for after everything is encoded.
        within: where it belongs, when it is not simply what the run waits for.
        state: that the event leads to, None to stay.
        planned: its input stands in the join that it is a member of.
    """

    run: WorkflowRun
    place: Place
    id: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    encode: Callable[[object, str], Encoded]
    delta: Callable[[], Delta | None]
    root: str = ""
    within: Within | None = None
    state: str | None = None
    planned: bool = False

    def input(self, name: str) -> tuple[list[Encoded], dict[str, Encoded]]:
        """The encoded input, nothing where it is recorded already."""
        if self.planned:
            return [], {}
        given: Sequence[object] = self.args
        args: list[Encoded] = []
        for value in given:
            plain = PLAIN.get(type(value))
            if plain is not None:  # as `encode`, which needs no path then
                args.append(plain(value))
            else:
                args.append(self.encode(value, f"argument {len(args) + 1} of {name}"))
        if not self.kwargs:
            return args, {}
        return args, {n: self.encode(v, f"{n} of {name}") for n, v in self.kwargs.items()}

    def deadline(self, timeout: Any) -> datetime | None:
        """The instant of a timeout; one that is over already is legal."""
        return None if timeout is None else self.run.session.now + duration(timeout)


def begin(beginning: Beginning) -> None:
    """Record that an activity begins."""
    _BEGIN[beginning.place.kind](beginning)


def _step(b: Beginning) -> None:
    step = b.place.step
    assert step is not None  # places of kind step have one
    session = b.run.session
    args, kwargs = b.input(step.name)
    scheduled = StepScheduled(
        activity=b.id,
        step=step.name,
        key=f"{session.run}/{b.id}",
        args=args,
        kwargs=kwargs,
        hold=step.options.on_crash == "hold",
        memory=b.delta(),
        within=b.within,
    )
    session.emit(scheduled, b.state)
    session.intents.add((b.id, 1))


def _approval(b: Beginning) -> None:
    session = b.run.session
    asked = ask(b.args, b.kwargs, b.run.program.types, session.now, session.state.starter)
    facts = b.encode(asked.about, f"about of approval {asked.name!r}")
    session.emit(asked.request(b.id, facts, b.delta(), b.within), b.state)


def _sleep(b: Beginning) -> None:
    until = b.deadline(_sleep_argument(*b.args, **b.kwargs))
    assert until is not None  # how_long is required
    b.run.session.emit(SleepStarted(b.id, until, b.delta(), b.within), b.state)


def _sleep_argument(how_long: Any) -> Any:
    return how_long


def _wait(b: Beginning) -> None:
    deadline = b.deadline(b.kwargs.get("timeout"))
    commands = [command.__name__ for command in b.place.commands]
    b.run.session.emit(WaitStarted(b.id, commands, deadline, b.delta(), b.within), b.state)


def _received(b: Beginning) -> None:
    """A look into the inbox is a wait that is over at once."""
    session = b.run.session
    _wait(b)
    if session.state.match(session.state.pending[b.id]) is None:
        session.emit(WaitPassed(b.id))


def _join(b: Beginning) -> None:
    started = plan(b)
    b.run.session.emit(started, b.state)


def _child(b: Beginning) -> None:
    child = b.place.child
    assert child is not None  # places of kind child have one
    b.encode = b.run.encoded  # a run of its own knows nothing of this one's memory
    args, kwargs = b.input(child.name)
    session = b.run.session
    started = ChildStarted(
        b.id, f"{session.run}/{b.id}", child.name, args, kwargs, memory=b.delta(), within=b.within
    )
    session.emit(started, b.state)


def _branch(b: Beginning) -> None:
    """A helper that runs beside others, on copies of what it is given."""
    assert b.within is not None  # a helper that is simply awaited is no activity
    assert b.place.program is not None  # places of kind helper have one
    name = b.place.program.machine.name
    args, kwargs = b.input(name)
    thread, frame = b.run.branch(b.id, b.place, b.within.state, b.args, b.kwargs)
    started = BranchStarted(b.id, name, b.within, args, kwargs, thread.memory.take())
    b.run.session.emit(started, b.state)
    b.run.go(thread, partial(thread.start, frame))


_BEGIN: dict[str, Callable[[Beginning], None]] = {
    "step": _step,
    "approval": _approval,
    "sleep": _sleep,
    "wait": _wait,
    "received": _received,
    "join": _join,
    "child": _child,
    "helper": _branch,
}
