"""`TogetherScenario`: several lifecycles in memory that send each other commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.errors import MachineError
from interlock.machines.proof.invariant import invariants_of
from interlock.machines.proof.joint import Happens, Joint
from interlock.machines.proof.together import Here, Together, joint_invariants
from interlock.testing.traces import shortened


class TogetherScenario:
    """One run of each member of a system: no store, no engine, no step is called.

    `TogetherScenario(Shop).when("order", Place()).arrives("payment", Charge())`

    Attributes:
        refusal: why the last command was refused, "" when it was not.
    """

    def __init__(self, kind: type[Together], data: Mapping[str, BaseModel] | None = None) -> None:
        """Begin a run of each member.

        Args:
            data: what members begin with, by name; the model's defaults for those left out.

        Raises:
            HandlerFailed: the author's code failed.
        """
        given = data or {}
        self._kind = kind
        self._joint = Joint(kind, lambda command: ())
        begun = {n: given.get(n) or m.program().data_type() for n, m in kind.members.items()}
        self._where = self._joint.begin(begun)
        self.refusal = ""

    def here(self, member: str) -> Here[Any]:
        """Where a member stands: its `state`, `data`, and `is_in(state)`."""
        return self._joint.here(self._where)[member]

    def __repr__(self) -> str:
        return f"<{self._kind.__name__} in {self._joint.words(self._where)}>"

    @property
    def on_the_way(self) -> tuple[tuple[str, Command], ...]:
        """The commands that were sent and have not come: to whom, and which."""
        pairs = ((self._joint.members[to], ask) for to, ask in self._where[1])
        return tuple((m.name, c) for m, ask in pairs if (c := m.asks[ask].command) is not None)

    @property
    def over(self) -> bool:
        """Whether every member that has an end is there."""
        return self._joint.over(self._where)

    def when(self, member: str, command: Command) -> Self:
        """A command comes to one member from outside.

        Raises:
            HandlerFailed: the author's code failed.
        """
        __tracebackhide__ = True
        who = self._number(member)
        return self._happens(Happens((who,), (self._joint.members[who].ask(command),)), command)

    def shared(self, command: Command) -> Self:
        """A command comes to all members that know it; refused for all where one refuses.

        Raises:
            HandlerFailed: the author's code failed.
        """
        __tracebackhide__ = True
        return self._happens(self._joint.sharing(command), command)

    def arrives(self, member: str, command: Command) -> Self:
        """A command that was sent comes.

        Raises:
            AssertionError: it is not on its way.
            HandlerFailed: the author's code failed.
        """
        __tracebackhide__ = True
        who = self._number(member)
        sent = (who, self._joint.members[who].ask(command))
        if sent not in self._where[1]:
            message = f"{command!r} is not on its way to {member}; there is {self.on_the_way}"
            raise AssertionError(message)
        place = self._where[1].index(sent)
        return self._happens(Happens((who,), (sent[1],), place), command)

    def fires(self, member: str, timer: str) -> Self:
        """A timer of a member is due, by the id of its transition.

        Raises:
            AssertionError: it is not set.
            HandlerFailed: the author's code failed.
        """
        __tracebackhide__ = True
        who = self._number(member)
        ask = self._joint.members[who].timer(timer)
        if ask not in self._joint.members[who].due(self._where[0][who]):
            message = f"the timer {timer!r} is not due in {self.here(member).state!r}"
            raise AssertionError(message)
        return self._happens(Happens((who,), (ask,)), None)

    def holds(self, name: str = "") -> Self:
        """Every invariant of the system and its members has to hold, or the one of this name.

        Raises:
            AssertionError: one does not.
            MachineError: there is none of this name.
        """
        __tracebackhide__ = True
        here = self._joint.here(self._where)
        found = {one.name: one.broken(here) for one in joint_invariants(self._kind)}
        for member, kind in self._kind.members.items():
            for own in invariants_of(kind):
                at = here[member]
                found[f"{member}.{own.name}"] = own.broken(at.active, at.data)
        if name and name not in found:
            message = f"{self._kind.__name__} has no invariant {name!r}"
            raise MachineError(message)
        for one, why in found.items():
            if why is not None and name in ("", one):
                message = f"{one} does not hold in {self._joint.words(self._where)}: {why}"
                raise AssertionError(message)
        return self

    def _number(self, member: str) -> int:
        __tracebackhide__ = True
        names = [*self._kind.members]
        if member not in names:
            message = f"{self._kind.__name__} has no member {member!r}; it has {', '.join(names)}"
            raise MachineError(message)
        return names.index(member)

    def _happens(self, happens: Happens, command: Command | None) -> Self:
        __tracebackhide__ = True
        leads = self._joint.leads(self._where, happens)
        self.refusal = ""
        if leads is None or leads.refused:
            words = self._joint.words(self._where)
            self.refusal = f"{command!r} is refused in {words}"
        if leads is not None and leads.failed is not None:
            raise shortened(leads.failed) from leads.failed.__cause__
        if leads is not None:
            self._where = leads.to
        return self
