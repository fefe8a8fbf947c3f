"""`Scenario`: given what has happened to a lifecycle, when something comes, then that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel

from interlock.machines import noting
from interlock.machines.command import Command
from interlock.machines.duration import Duration, duration
from interlock.machines.errors import HandlerFailed, MachineError, Refused
from interlock.machines.kernel import readable
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.lifecycle_program import Taken
from interlock.machines.lifecycle_refusal import is_final
from interlock.machines.proof.invariant import invariants_of
from interlock.machines.segment import at_instant
from interlock.machines.step import Effect
from interlock.testing.errors import HarnessError
from interlock.testing.traces import shortened

S = TypeVar("S", bound=StrEnum)
D = TypeVar("D", bound=BaseModel)

START = datetime(2026, 1, 1, tzinfo=UTC)
"""The instant at which scenarios begin."""


class Scenario(Generic[S, D]):
    """One lifecycle in memory: no store, no engine, no step is called.

    `Scenario(Order, data).given(Add(item="a"), Submit()).when(Pay(amount=1)).then(Status.PAID)`

    Every decision is made by the functions that decide in a run; time stands still but for
    `passes`.

    Attributes:
        data: as they are.
        effects: what the last event gave to do, in order.
        taken: ids of the transitions that the last event took.
        refusal: why the last command was refused, None when it was not.
    """

    def __init__(self, kind: type[Lifecycle[S, D]], data: D | None = None) -> None:
        """Begin a run.

        Args:
            data: to begin with; without, the model's defaults.

        Raises:
            HandlerFailed: the author's code failed.
        """
        self._kind = kind
        self._program = kind.program()
        self._now = START
        self._timers: dict[str, datetime] = {}
        self._kept: list[Command] = []
        self.effects: tuple[Effect, ...] = ()
        self.taken: tuple[str, ...] = ()
        self.refusal: Refused | None = None
        begun: Any = self._program.data_type() if data is None else data
        with at_instant(self._now):
            taken = noting.decided(self._program, self._program.begin(begun))
        self._place = taken.step.after
        self.data: D = taken.data
        self._follow(taken)

    def __repr__(self) -> str:
        return f"<{self._kind.name} in {self.state!r}>"

    @property
    def state(self) -> str:
        """Where it stands, as one readable line."""
        return readable(self._program.machine, self._place.active)

    @property
    def configuration(self) -> tuple[str, ...]:
        """Names of all active states."""
        return self._place.active

    @property
    def over(self) -> bool:
        """Whether it has come to its end."""
        return is_final(self._program.chart, self._place)

    @property
    def now(self) -> datetime:
        """The instant that it has come to."""
        return self._now

    @property
    def timers(self) -> Mapping[str, datetime]:
        """The timers that are set, by their transition's id, and when they are due."""
        return dict(self._timers)

    @property
    def kept(self) -> Sequence[Command]:
        """The commands that are kept for later, oldest first."""
        return tuple(self._kept)

    def twin(self) -> Self:
        """The same run again, which goes its own way from here on."""
        twin = copy(self)
        vars(twin).update(_timers=dict(self._timers), _kept=[*self._kept])
        return twin

    def given(self, *commands: Command) -> Self:
        """What has happened before: each command has to be accepted.

        Raises:
            AssertionError: one of them is refused; says why.
        """
        __tracebackhide__ = True
        for command in commands:
            self.when(command)
            if self.refusal is not None:
                message = f"given {command!r}: {self.refusal.message}"
                raise AssertionError(message)
        return self

    def when(self, command: Command) -> Self:
        """A command comes; `then` says what follows, or `refused` that nothing does.

        Raises:
            HandlerFailed: the author's code failed.
        """
        __tracebackhide__ = True
        self.effects, self.taken, self.refusal = (), (), None
        try:
            self._take(self._decided(command))
        except Refused as refused:
            noting.refused(self._program, type(command).__name__, refused.said)
            word = self._program.unhandled(self._place, command)
            if word == "refuse":
                self.refusal = refused
            elif word == "defer":
                self._kept.append(command)
        return self

    def passes(self, time: Duration) -> Self:
        """Time passes, and the timers that are due meanwhile fire, in their order."""
        __tracebackhide__ = True
        self.effects, self.taken, self.refusal = (), (), None
        until = self._now + duration(time)
        while True:
            edge, due = min(self._timers.items(), key=lambda one: one[1], default=("", until))
            if not edge or due > until:
                break
            self._now = max(self._now, due)
            del self._timers[edge]
            self._fire(edge)
        self._now = until
        return self

    def fires(self, timer: str) -> Self:
        """The timer of one transition is due now, by its id, such as `pending.expire`.

        Raises:
            AssertionError: it is not set here.
        """
        __tracebackhide__ = True
        due = self._timers.get(timer)
        if due is None:
            message = f"no timer {timer!r} is set in {self.state!r}; set: {', '.join(self._timers)}"
            raise AssertionError(message)
        self.effects, self.taken, self.refusal = (), (), None
        self._now = max(self._now, due)
        del self._timers[timer]
        self._fire(timer)
        return self

    def then(
        self,
        state: S | StrEnum | None = None,
        *,
        data: D | None = None,
        having: Mapping[str, Any] | None = None,
        effects: Sequence[str] | None = None,
    ) -> Self:
        """What has to be so now; what is not given is not looked at.

        Args:
            state: has to be active.
            data: all of it.
            having: some fields of the data, by name.
            effects: names of the steps that the last event gave to do, in order.

        Raises:
            AssertionError: it is otherwise; says how it is.
            HarnessError: the data have no field of a name in `having`.
        """
        __tracebackhide__ = True
        if self.refusal is not None:
            raise AssertionError(self.refusal.message)
        if state is not None and self._kind.id_of(state) not in self._place.active:
            message = f"it stands in {self.state!r}, not in {state.value!r}"
            raise AssertionError(message)
        if data is not None and self.data != data:
            message = f"the data are {self.data!r}, not {data!r}"
            raise AssertionError(message)
        for name, value in (having or {}).items():
            if name not in type(self.data).model_fields:
                fields = ", ".join(type(self.data).model_fields)
                message = f"{type(self.data).__name__} has no field {name!r} (it has {fields})"
                raise HarnessError(message)
            if getattr(self.data, name) != value:
                message = f"{name} is {getattr(self.data, name)!r}, not {value!r}"
                raise AssertionError(message)
        made = [effect.step.name for effect in self.effects]
        if effects is not None and made != [*effects]:
            message = f"to be done is {made}, not {[*effects]}"
            raise AssertionError(message)
        return self

    def refused(self, *words: str) -> Self:
        """The last command has to have been refused, for a reason with all of these words.

        Raises:
            AssertionError: it was accepted, or for another reason.
        """
        __tracebackhide__ = True
        if self.refusal is None:
            message = f"it was accepted, and led to {self.state!r}"
            raise AssertionError(message)
        missing = [word for word in words if word not in self.refusal.message]
        if missing:
            message = f"{missing[0]!r} is not in the reason: {self.refusal.message}"
            raise AssertionError(message)
        return self

    def holds(self, name: str = "") -> Self:
        """Every invariant of the lifecycle has to hold, or the one of this name.

        Raises:
            AssertionError: one does not.
            MachineError: there is none of this name.
        """
        __tracebackhide__ = True
        known = invariants_of(self._kind)
        wanted = [one for one in known if name in ("", one.name)]
        if name and not wanted:
            message = f"{self._kind.name} has no invariant {name!r}"
            raise MachineError(message)
        for one in wanted:
            why = one.broken(self._place.active, self.data)
            if why is not None:
                message = f"{one.name} does not hold in {self.state!r} with {self.data!r}"
                message += f": {why}" if why else ""
                raise AssertionError(message)
        return self

    def _decided(self, command: Command) -> Taken:
        __tracebackhide__ = True
        try:
            with at_instant(self._now):
                taken = self._program.decide(self._place, self.data, command)
        except HandlerFailed as error:
            raise shortened(error) from error.__cause__
        return noting.decided(self._program, taken)

    def _fire(self, timer: str) -> None:
        __tracebackhide__ = True
        try:
            with at_instant(self._now):
                taken = self._program.expire(self._place, self.data, timer)
        except HandlerFailed as error:
            raise shortened(error) from error.__cause__
        self._take(noting.decided(self._program, taken))

    def _take(self, taken: Taken) -> None:
        __tracebackhide__ = True
        self._follow(taken)
        for number, command in enumerate(self._kept):
            try:
                again = self._decided(command)
            except Refused:
                continue
            del self._kept[number]
            self._take(again)
            return

    def _follow(self, taken: Taken) -> None:
        """The place, data, effects and timers after transitions."""
        for one in (taken, *taken.then):
            step = one.step
            for state in step.exited:
                for edge, _ in self._program.timers(state):
                    self._timers.pop(edge, None)
            for state in step.entered:
                for edge, delay in self._program.timers(state):
                    self._timers[edge] = self._now + delay
            self._place = step.after
            self.data = one.data
            self.effects += one.effects
            self.taken += tuple(edge.id for edge in one.edges)
