"""What logs hold that code yet to come is given: input, undone calls, and what forks are given.

`outlook` is pure; this is read for it before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interlock.engine.calls import plain_function, undo_arguments
from interlock.engine.fitting import Fitting
from interlock.engine.forks.given_values import unfit
from interlock.engine.inputs import recorded_arguments
from interlock.engine.threads import place_at
from interlock.machines.advice import UNDO_OF
from interlock.machines.held import renamed
from interlock.machines.ir import Machine
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.migration import mapped_by
from interlock.machines.program import Program
from interlock.machines.shapes import hints_of, signature_of
from interlock.machines.signatures import misfit, positional
from interlock.machines.step import Step
from interlock.projections import Activity, RunState, Undoable, evolve, find_state
from interlock.projections.moving import image_of
from interlock.store.contract import Store
from interlock.store.errors import BadUpcast, UnknownType
from interlock.store.event import Event
from interlock.store.vocabulary import StepResolved, StepSucceeded

PAGE = 1000
"""Events that are read at a time."""


@dataclass(frozen=True, slots=True)
class Past:
    """What `outlook` wants to know of a run's past.

    Attributes:
        begun: its first event, where there are migrations.
        unfit: what does not fit of the input of undos, and of what a fork is yet to be given: its
            name, and what is wrong with it.
    """

    begun: Sequence[Event] = ()
    unfit: tuple[tuple[str, str], ...] = ()


NOTHING = Past()


async def past_of(
    store: Store, old: Machine | None, program: Program | LifecycleProgram, state: RunState
) -> Past:
    """Read what a run's past has to say to another definition.

    Args:
        old: the definition that it follows; None when nobody knows it.
        state: the run, as the log has it.
    """
    begun = await store.read(state.run, upto=1) if program.migrations else ()
    given = await unfit(store, program, state, Fitting(old, program, state))
    if isinstance(program, LifecycleProgram):
        return Past(begun, given)
    version = "" if old is None else old.version
    states = mapped_by(program.migrations.path(state.hash, version, program.machine))
    undone = {
        entry.activity: _Undone(entry, old, program, step)
        for entry in state.stack
        if (step := _step(program, renamed(entry.state, states), entry)) is not None
    }
    return Past(begun, (*await _misfits(store, state, undone), *given))


def _step(program: Program, state: str, entry: Undoable) -> Step[..., Any] | None:
    """The step that says how to undo a call; None where none does, which is said elsewhere."""
    try:
        step = None if entry.child else place_at(program, state).step
    except KeyError:
        return None
    return None if step is None or step.options.compensate is None else step


async def _misfits(
    store: Store, state: RunState, undone: Mapping[str, _Undone]
) -> tuple[tuple[str, str], ...]:
    """Go through the part of the log in which the calls were made, once."""
    if not undone:
        return ()
    found: dict[tuple[str, str], None] = {}
    last = max(one.entry.succeeded for one in undone.values())
    at = min(one.entry.scheduled for one in undone.values()) - 1
    now = (await find_state(store, state.run, upto=at)).state if at else None
    while at < last:
        events = await store.read(state.run, after=at, upto=min(at + PAGE, last))
        if not events:
            break
        for event in events:
            now = evolve(now, event)
            activity = getattr(event.body, "activity", "")
            if activity in undone:
                found |= dict.fromkeys(undone[activity].look(now, event))
        at = events[-1].version
    return tuple(found)


class _Undone:
    """A completed call, and the undo that another definition has for it."""

    def __init__(
        self, entry: Undoable, old: Machine | None, program: Program, step: Step[..., Any]
    ) -> None:
        self.entry = entry
        self._old = old
        self._program = program
        self._step = step
        self._undo: Any = plain_function(step.options.compensate or step.function)
        self._call: tuple[Activity, list[Any], dict[str, Any]] | None = None

    def look(self, state: RunState, event: Event) -> Iterator[tuple[str, str]]:
        """What does not fit of what an event recorded: the input of the call, or its result."""
        why = ""
        fitting = Fitting(self._old, self._program, state)
        if event.version == self.entry.scheduled:
            why = self._look_at_input(fitting, state)
        elif event.version == self.entry.succeeded and self._call is not None:
            why = self._look_at_result(fitting, state, event)
        if why:
            yield f"undo of {self.entry.step}", f"{UNDO_OF}{self.entry.step} {why}"

    def _look_at_input(self, fitting: Fitting, state: RunState) -> str:
        """Read it back, as will be done for the undo; it is given it only if it takes it."""
        activity = state.pending[self.entry.activity]
        image = state.thread(activity).image
        if self._takes_input():
            for one in (*activity.args, *activity.kwargs.values()):
                why = fitting.objects(one, image)
                if why:
                    return f"is given {why}"
        try:
            args, kwargs = recorded_arguments(state, activity, self._program.types)
        except (UnknownType, BadUpcast) as error:
            return f"is called with an input that cannot be read: {error}"
        self._call = (activity, args, kwargs)
        return ""

    def _takes_input(self) -> bool:
        given, named = undo_arguments(self._undo, None, (None,), {"": None})
        return bool(named) or len(given) > 1

    def _look_at_result(self, fitting: Fitting, state: RunState, event: Event) -> str:
        assert self._call is not None  # it was made before it had a result
        activity, args, kwargs = self._call
        body = event.body
        assert isinstance(body, StepSucceeded | StepResolved)  # it recorded the result
        image = image_of(state, activity.within)
        why = fitting.objects(body.result, image)
        if why:
            return f"is given {why}"
        result = image.decode(self._program.types, body.result)
        call = positional(self._step.function, args, kwargs)
        given, named = undo_arguments(self._undo, result, *call)
        bound, why = misfit(self._undo, given, named)
        if why:
            return f"does not take what was recorded: {why}"
        return self._look_at_types(fitting, bound, given)

    def _look_at_types(
        self, fitting: Fitting, bound: Mapping[str, Any], given: Sequence[Any]
    ) -> str:
        """Whether what is given is what is declared, where that was edited."""
        before = None if self._old is None else self._old.places.get(self.entry.state)
        if before is None:
            return ""  # nobody knows what was declared
        hints, own = hints_of(self._undo), hints_of(self._step.function)
        takes, gives = signature_of(self._step.function)
        for place, (name, value) in enumerate(bound.items()):
            result = not place and bool(given)
            wanted = hints.get(name, own.get("return" if result else name))
            edited = before.gives != gives if result else before.takes != takes
            if wanted is not None and (edited or fitting.names_changed(wanted)):
                why = fitting.is_a(wanted, value)
                if why:
                    return f"is given what {why}"
        return ""
