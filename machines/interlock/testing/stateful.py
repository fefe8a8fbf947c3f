"""A lifecycle as a `RuleBasedStateMachine`, to be extended with own rules and invariants."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from interlock.machines.command import Command
from interlock.machines.duration import Duration, duration
from interlock.machines.errors import Refused
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.proof.invariant import marked_states
from interlock.store.values import Memory
from interlock.testing.asked import subject_of
from interlock.testing.errors import NotTestable
from interlock.testing.moves import Pass, Send
from interlock.testing.payloads import Payloads
from interlock.testing.play import simplest
from interlock.testing.scenario import Scenario
from interlock.testing.stage import RUN, Stage
from interlock.testing.strategies import drawn_move
from interlock.testing.subject import Starts, Subject, Weights
from interlock.testing.walk import time_of


def _check_invariants(cls: type[LifecycleMachine]) -> None:
    """Refuse the lifecycles' own `@invariant`, which Hypothesis does not know."""
    for name, member in vars(cls).items():
        if marked_states(member) is not None:
            message = (
                f"{cls.__name__}.{name} is declared as a lifecycle declares its invariants, and "
                "would never be asked: `from hypothesis.stateful import invariant`, and look at "
                "self.data"
            )
            raise NotTestable(message)


def _has_accepted(machine: LifecycleMachine) -> bool:
    return machine.accepted is not None


class LifecycleMachine(RuleBasedStateMachine):
    """One run on an engine, moved by rules: `class Orders(LifecycleMachine, of=Order):`.

    Commands come, time passes, commands come twice, the process ends and another takes over; behind
    each of that the run is as the pure functions say, and the invariants of the lifecycle hold.
    Write rules and invariants besides, with what is said here, and let pytest collect
    `Orders.TestCase`.

    Class arguments:
        of: the lifecycle.
        payloads, weights, starts: see `machine_tests`.

    Attributes:
        scenario: the same run without an engine.
        refusal: why the last command was refused, "" when it was not.
        accepted: id and command of the last one that was accepted.
    """

    subject: ClassVar[Subject]
    scenario: Scenario[Any, Any]

    def __init_subclass__(
        cls,
        *,
        of: type[Lifecycle[Any, Any]] | None = None,
        payloads: Payloads | None = None,
        weights: Weights | None = None,
        starts: Starts = None,
    ) -> None:
        super().__init_subclass__()
        _check_invariants(cls)
        if of is not None:
            cls.subject = subject_of(of, payloads, weights, starts)
        elif not hasattr(cls, "subject") or (payloads, weights, starts) != (None, None, None):
            message = f"say of which lifecycle: class {cls.__name__}(LifecycleMachine, of=…)"
            raise NotTestable(message)

    def __init__(self) -> None:
        super().__init__()
        self.refusal = ""
        self.accepted: tuple[str, Command] | None = None
        self._count = 0
        self._runner = asyncio.Runner()
        self._stage = Stage(self.subject.kind, self._called)
        self._runner.run(self._stage.open())

    @property
    def state(self) -> str:
        """Where the run stands, as one readable line."""
        return self.scenario.state

    @property
    def data(self) -> Any:
        """The data of the run, read from its log."""
        state = self._runner.run(self._snapshot())
        return Memory.restore(self.subject.program.types, state.image)[1].get("data")

    @property
    def events(self) -> list[str]:
        """The types of what was recorded, in order."""
        found = self._runner.run(self._stage.store.read(RUN))
        return [event.type for event in found]

    def send(self, command: Command, *, command_id: str = "") -> bool:
        """Send a command; whether it was accepted."""
        self._count += 1
        key = command_id or f"c{self._count}"
        send = self._stage.engine.send
        error = self._runner.run(
            self._stage.ask(partial(send, RUN, command, command_id=key, by="tester"))
        )
        if error is not None and not isinstance(error, Refused):
            raise error
        self.refusal = "" if error is None else error.message
        if not command_id:
            self.scenario.when(command)
            expected = self.scenario.refusal
            assert (expected is None) == (error is None), (expected, error)
            self.accepted = (key, command) if error is None else self.accepted
        return error is None

    def passes(self, time: Duration) -> None:
        """Let time pass; what is due meanwhile fires."""
        until = self._stage.clock.now() + duration(time)
        self._runner.run(self._stage.passes(until))
        self.scenario.passes(time)

    def restart(self) -> None:
        """The process ends, and another one takes over."""
        self._runner.run(self._stage.reopen())

    @initialize(data=st.data())
    def begins(self, data: st.DataObject) -> None:
        """The run begins."""
        start = data.draw(self.subject.beginning(), label="begins with")
        self.scenario = Scenario(self.subject.kind, start)
        kind = self.subject.kind
        error = self._runner.run(
            self._stage.ask(partial(self._stage.engine.start, kind, start, id=RUN))
        )
        if error is not None:
            raise error

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        """A command comes, or time passes."""
        move = drawn_move(data.draw, self.subject, self.scenario)
        if isinstance(move, Send):
            self.send(move.command)
        elif isinstance(move, Pass):
            self.passes(time_of(self.scenario, move))

    @precondition(_has_accepted)
    @rule()
    def a_command_comes_again(self) -> None:
        """The last command that was accepted is delivered once more: nothing comes of it."""
        assert self.accepted is not None
        command_id, command = self.accepted
        before = self.events
        assert self.send(command, command_id=command_id)
        assert self.events == before

    @rule()
    def the_process_ends(self) -> None:
        """Another one takes over."""
        self.restart()

    @invariant()
    def is_as_the_functions_say(self) -> None:
        """The log gives the states and the data of the pure functions."""
        if not hasattr(self, "scenario"):
            return
        state = self._runner.run(self._snapshot())
        assert set(state.configuration) == set(self.scenario.configuration)
        assert self.data == self.scenario.data
        self.scenario.holds()

    def teardown(self) -> None:
        """Close the engine."""
        self._runner.run(self._stage.close())
        self._runner.close()
        super().teardown()

    async def _snapshot(self) -> Any:
        return await (await self._stage.engine.get(RUN)).snapshot()

    async def _called(self, activity: Any, function: Any, *_: object) -> Any:
        self._stage.stirs += 1
        return simplest(function, self.subject)


def machine_class(
    machine: type[Lifecycle[Any, Any]],
    *,
    payloads: Payloads | None = None,
    weights: Weights | None = None,
    starts: Starts = None,
) -> type[LifecycleMachine]:
    """The `RuleBasedStateMachine` of a lifecycle; its `TestCase` is what pytest collects.

    As a base class write `class Orders(LifecycleMachine, of=Order)`, which type checkers follow.

    Raises:
        NotTestable: it is no lifecycle, or something that was said does not fit it.
    """
    subject = subject_of(machine, payloads, weights, starts)
    return type(f"{machine.__name__}Machine", (LifecycleMachine,), {"subject": subject})
