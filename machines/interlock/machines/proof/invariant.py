"""`@invariant`: what has to hold of a lifecycle's data wherever a run can stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import FunctionType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast, overload

from pydantic import BaseModel

from interlock.machines.guard import Check, Refuse
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.lifecycle_watch import failed
from interlock.machines.place import bad_definition

if TYPE_CHECKING:  # only named in annotations
    from interlock.machines.proof.together import Here

_MARK = "__interlock_invariant__"

D = TypeVar("D", bound=BaseModel)
P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Invariant:
    """Something that has to hold.

    Attributes:
        name: of the author's function.
        states: names of the states in which it has to hold; () for all.
        holds: the function, of the data alone.
    """

    name: str
    states: tuple[str, ...]
    holds: Callable[[Any], Check]

    def broken(self, active: tuple[str, ...], data: object) -> str | None:
        """Why it does not hold here, "" for no reason given; None when it does.

        Raises:
            HandlerFailed: the author's function raised, or answered something else.
        """
        if self.states and not set(self.states) & set(active):
            return None
        try:
            answer: object = self.holds(data)
        except Exception as error:
            raise failed(self.holds, f"raised {type(error).__name__}: {error}") from error
        if isinstance(answer, Refuse):
            return answer.reason
        if answer is True:
            return None
        if answer is False:
            return ""
        raise failed(self.holds, f"returned {answer!r}; return bool or Refuse('why')")


@overload
def invariant(method: Callable[[Any, D], Check], /) -> Callable[[Any, D], Check]: ...
@overload
def invariant(
    method: Callable[Concatenate[Any, Here[Any], P], Check], /
) -> Callable[Concatenate[Any, Here[Any], P], Check]: ...
@overload
def invariant(
    *states: StrEnum,
) -> Callable[[Callable[[Any, D], Check]], Callable[[Any, D], Check]]: ...
def invariant(*given: Any) -> Any:
    """What has to hold of the data: `def method(self, data) -> bool | Refuse("why not")`, pure.

    Write `@invariant` for all states, `@invariant(Status.PAID, Status.SHIPPED)` for some. It costs
    nothing in a run: `explore` looks at it wherever a run can come to, and so do property tests.
    In a `Together` it takes a `Here` for each member that it is about.

    Raises:
        BadDefinition: it is given neither a method nor states.
    """
    if len(given) == 1 and isinstance(given[0], FunctionType):
        return _marked(cast("Callable[..., Any]", given[0]), ())
    for state in given:
        if not isinstance(state, StrEnum):
            text = f"invariant takes states of the lifecycle, not {state!r}"
            raise bad_definition(text)

    def declare(method: F) -> F:
        return _marked(method, given)

    return declare


def _marked(method: F, states: tuple[StrEnum, ...]) -> F:
    setattr(method, _MARK, states)
    return method


def marked_states(method: object) -> tuple[StrEnum, ...] | None:
    """The states that an invariant was declared for; None for what is none."""
    states: object = getattr(method, _MARK, None)
    return cast("tuple[StrEnum, ...]", states) if isinstance(states, tuple) else None


def invariants_of(kind: type[Lifecycle[Any, Any]]) -> list[Invariant]:
    """The invariants of a lifecycle's class and of its bases, in their order.

    Raises:
        MachineError: one of them names a state of something else.
    """
    instance = kind()
    names = dict.fromkeys(
        name
        for klass in reversed(kind.__mro__)
        for name, member in vars(klass).items()
        if isinstance(getattr(member, _MARK, None), tuple)
    )
    found: list[Invariant] = []
    for name in names:
        states = getattr(getattr(kind, name), _MARK, None)
        if states is not None:  # not overridden by a plain method
            ids = tuple(kind.id_of(state) for state in states)
            found.append(Invariant(name, ids, getattr(instance, name)))
    return found
