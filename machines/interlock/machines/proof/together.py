"""`Together`: several lifecycles that send each other commands, or share them, as one system."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import FunctionType
from typing import Any, ClassVar, Generic, TypeVar, cast, get_type_hints

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.place import bad_definition
from interlock.machines.proof.invariant import Invariant, marked_states
from interlock.machines.step import Effect, Step

_MARK = "__interlock_sends__"

D_co = TypeVar("D_co", bound=BaseModel, covariant=True)
F = TypeVar("F", bound=Callable[[Any, Effect], Command | None])


@dataclass(frozen=True, slots=True)
class Here(Generic[D_co]):
    """Where one member of a system stands, as its invariants see it.

    Attributes:
        name: of the member.
        state: as one readable line.
        active: names of all active states.
        data: its data.
        kind: the lifecycle.
    """

    name: str
    state: str
    active: tuple[str, ...]
    data: D_co
    kind: type[Lifecycle[Any, Any]]

    def is_in(self, *states: StrEnum) -> bool:
        """Whether one of these states is active.

        Raises:
            MachineError: it is a state of something else.
        """
        return any(self.kind.id_of(state) in self.active for state in states)


@dataclass(frozen=True, slots=True)
class Sending:
    """What becomes of an effect: a command to another member.

    Attributes:
        step: whose effect it is.
        to: the member that gets the command.
        by: the member whose effect it is, "" for any.
        command: makes it; None where there is none to send.
        makes: the types that it may make.
    """

    step: Step[..., Any]
    to: str
    by: str
    command: Callable[[Effect], Command | None]
    makes: tuple[type[Command], ...] = ()


def sends(step: Step[..., Any], *, to: str, by: str = "") -> Callable[[F], F]:
    """What the step of an effect sends: `def method(self, effect: Effect) -> Command | None`.

    Args:
        step: whose effects are meant.
        to: name of the member that gets the command.
        by: name of the member whose effects are meant; those of all by default.
    """
    if not isinstance(cast("object", step), Step):
        text = f"sends(...) takes a step, not {step!r}"
        raise bad_definition(text)

    def declare(method: F) -> F:
        setattr(method, _MARK, (step, to, by))
        return method

    return declare


class Together:
    """Base of systems: `class Shop(Together, order=Order, payment=Payment): ...`.

    Each member is one run of its lifecycle. A command comes from outside, to one member; unless a
    method under `sends` makes it of a member's effect: then it comes once that effect was named,
    at any time after it, and from nobody else. Commands in `shared` reach at once all members
    that know them, and are refused for all where one refuses. Invariants of several members are
    methods under `invariant` that take a `Here` for each member that they are about, by its name.

    Class arguments:
        shared: commands that members take together.
        in_order: commands reach each member in the order in which they were sent.
        outside: of the commands that members send, those that come from outside as well.
        others: the members by name.

    Attributes:
        members: by name.

    Raises:
        BadDefinition: something here is not what it should be.
    """

    members: ClassVar[Mapping[str, type[Lifecycle[Any, Any]]]] = {}
    shared: ClassVar[tuple[type[Command], ...]] = ()
    outside: ClassVar[tuple[type[Command], ...]] = ()
    in_order: ClassVar[bool] = False

    def __init_subclass__(
        cls,
        *,
        shared: Iterable[type[Command]] = (),
        outside: Iterable[type[Command]] = (),
        in_order: bool = False,
        **members: type[Lifecycle[Any, Any]],
    ) -> None:
        super().__init_subclass__()
        for name, kind in members.items():
            if not _is_lifecycle(kind):
                text = f"the member {name} of {cls.__qualname__} is {kind!r}, which is no lifecycle"
                raise bad_definition(text)
        if not members:
            text = f"{cls.__qualname__} has no members: write (Together, order=OrderLifecycle)"
            raise bad_definition(text)
        cls.members, cls.shared = dict(members), tuple(shared)
        cls.in_order, cls.outside = in_order, tuple(outside)
        for sending in sendings_of(cls):
            for name in (sending.to, sending.by):
                if name and name not in members:
                    text = f"sends(...) names {name!r}; {cls.__qualname__} has {', '.join(members)}"
                    raise bad_definition(text)
        joint_invariants(cls)


def _is_lifecycle(given: object) -> bool:
    return isinstance(given, type) and issubclass(given, Lifecycle)


def sendings_of(kind: type[Together]) -> list[Sending]:
    """What the members of a system send each other.

    Raises:
        BadDefinition: a method does not say what command it makes.
    """
    instance, found = kind(), list[Sending]()
    for name, method in _methods(kind):
        mark = getattr(method, _MARK, None)
        if mark is not None:
            step, to, by = mark
            makes = _commands_of(method)
            found.append(Sending(step, to, by, getattr(instance, name), makes))
    return found


def _commands_of(method: Callable[..., Any]) -> tuple[type[Command], ...]:
    answer = get_type_hints(method).get("return")
    parts: tuple[object, ...] = getattr(answer, "__args__", (answer,))
    found = [
        p for p in parts if isinstance(p, type) and issubclass(p, Command) and p is not Command
    ]
    if not found:
        text = f"{method.__qualname__} does not say which command it sends: write -> ItsCommand"
        raise bad_definition(text)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class JointInvariant:
    """Something that has to hold of several members.

    Attributes:
        name: of the author's function.
        members: whom it is about, in the order of its parameters.
        holds: the function.
    """

    name: str
    members: tuple[str, ...]
    holds: Callable[..., Any]

    def broken(self, here: Mapping[str, Here[Any]]) -> str | None:
        """Why it does not hold, "" for no reason given; None when it does.

        Raises:
            HandlerFailed: the author's function raised, or answered something else.
        """
        given = [here[name] for name in self.members]
        return Invariant(self.name, (), lambda _: self.holds(*given)).broken((), None)


def joint_invariants(kind: type[Together]) -> list[JointInvariant]:
    """The invariants of a system, in their order.

    Raises:
        BadDefinition: a parameter is not the name of a member.
    """
    instance, found = kind(), list[JointInvariant]()
    for name, method in _methods(kind):
        if marked_states(method) is None:
            continue
        members = tuple(inspect.signature(method).parameters)[1:]
        for one in members:
            if one not in kind.members:
                known = ", ".join(kind.members)
                text = f"{method.__qualname__} takes {one!r}; name members of it: {known}"
                raise bad_definition(text)
        found.append(JointInvariant(name, members, getattr(instance, name)))
    return found


def _methods(kind: type[Together]) -> Iterable[tuple[str, FunctionType]]:
    names = dict.fromkeys(
        name for klass in reversed(kind.__mro__) for name, member in vars(klass).items()
        if isinstance(member, FunctionType)
    )  # fmt: skip
    return [(name, getattr(kind, name)) for name in names]
