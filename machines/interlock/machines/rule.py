"""The decorators of a lifecycle's methods: `on` and `after`, and what all of them share."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import FunctionType
from typing import Any, Generic, Literal, TypeAlias, TypeVar, cast, overload

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.duration import Duration
from interlock.machines.guard import Check, Guard
from interlock.machines.place import bad_definition, declared_duration
from interlock.machines.reach import Across, Back

S = TypeVar("S", bound=StrEnum)
T = TypeVar("T", bound=StrEnum)
C = TypeVar("C", bound=Command)
D = TypeVar("D", bound=BaseModel)
G = TypeVar("G", bound=BaseModel)
L = TypeVar("L")
L_source_co = TypeVar("L_source_co", covariant=True)
L_target_co = TypeVar("L_target_co", covariant=True)

Source: TypeAlias = S | AbstractSet[S] | tuple[S, ...]
"""One state, or several."""

Guards: TypeAlias = Callable[[D, C], Check] | tuple[Callable[[D, C], Check], ...]
"""One guard, or several that must all agree, asked in order."""

_RULES = "__interlock_rules__"


@dataclass(frozen=True, slots=True)
class Move:
    """One `on`, `after`, `always` or `done` of a method.

    Attributes:
        event: the command's name, `after 48 hours`, `always` or `done`.
        sources: where it starts, without repetition.
        target: where it leads, None to stay.
        command: the type, None for all but commands.
        delay: how long after entering, None for all but timers.
        guards: asked in order.
        line: where the decorator stands.
    """

    event: str
    sources: tuple[StrEnum, ...]
    target: StrEnum | Back[Any] | Across | None
    line: int
    command: type[Command] | None = None
    delay: timedelta | None = None
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True)
class Acting:
    """One `entering`, `exiting` or `taking` of a method that names effects.

    Attributes:
        when: which of them.
        states: on entering or exiting which of them.
        moves: on taking the transitions of which methods.
        line: where the decorator stands.
    """

    when: Literal["entering", "exiting", "taking"]
    line: int
    states: tuple[StrEnum, ...] = ()
    moves: tuple[str, ...] = ()


Rule: TypeAlias = Move | Acting


class In(Any, Generic[S]):  # type: ignore[misc]  # fits every class, see On
    """Only for type checkers: a lifecycle whose states are S."""


class On(Generic[S, T, L_source_co, L_target_co, C]):
    """What `on(...)` without a guard returns.

    The handler's first parameter is checked against the source's and the target's enumeration
    at once: only when they are the same one is there a type L that fits both. (pyright sees the
    difference in S and T, mypy in L.)
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def __call__(
        self: On[S, S, L, L, C], handler: Callable[[L, D, C], D]
    ) -> Callable[[Any, D, C], D]:
        """Declare `handler` the method that computes the new data."""
        return attach(handler, self._rule)


class GuardedOn(Generic[S, T, L_source_co, L_target_co, C, G]):
    """What `on(...)` with a guard returns; the handler's data must suit the guard."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def __call__(
        self: GuardedOn[S, S, L, L, C, G], handler: Callable[[L, D, C], G]
    ) -> Callable[[Any, D, C], G]:
        """Declare `handler` the method that computes the new data."""
        return attach(handler, self._rule)


class After(Generic[S, T, L_source_co, L_target_co]):
    """What `after(...)` returns."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def __call__(self: After[S, S, L, L], handler: Callable[[L, D], D]) -> Callable[[Any, D], D]:
        """Declare `handler` the method that computes the new data."""
        return attach(handler, self._rule)


@overload
def on(
    command: type[C], *, source: Source[S], target: T | Back[T]
) -> On[S, T, In[S], In[T], C]: ...
@overload
def on(
    command: type[C], *, source: Source[S], target: Across | None = None
) -> On[S, S, In[S], In[S], C]: ...
@overload
def on(
    command: type[C], *, source: Source[S], target: T | Back[T], guard: Guards[G, C]
) -> GuardedOn[S, T, In[S], In[T], C, G]: ...
@overload
def on(
    command: type[C], *, source: Source[S], target: Across | None = None, guard: Guards[G, C]
) -> GuardedOn[S, S, In[S], In[S], C, G]: ...
def on(command: Any, *, source: Any, target: Any = None, guard: Any = ()) -> Any:
    """A transition by command: `def method(self, data, command) -> new data`, pure.

    Args:
        command: the type that starts it.
        source: the state it starts from, or a set or tuple of them.
        target: where it leads. Without one it is internal: the run stays (nothing is entered,
            no timer starts again), and its data may change. With the source itself as target
            the state is left and entered again. `across` and `history` lead to other levels.
        guard: `(data, command) -> bool | Refuse("why not")`, or a tuple of such functions.
            Several `on` of the same command and source are candidates in the order of the
            class; the first whose guards all pass is taken.

    Raises:
        BadDefinition: something here is not what it should be.
    """
    if not (isinstance(command, type) and issubclass(command, Command)):
        text = f"on(...) takes a subclass of Command, not {command!r}"
        raise bad_definition(text)
    guards = cast("tuple[Guard, ...]", guard if isinstance(guard, tuple) else (guard,))
    move = Move(
        event=command.__name__,
        sources=states_of(source, "source"),
        target=target_of(target),
        line=line_of_author(),
        command=command,
        guards=guards,
    )
    return GuardedOn[Any, Any, Any, Any, Any, Any](move)


@overload
def after(
    delay: Duration, *, source: Source[S], target: T | Back[T]
) -> After[S, T, In[S], In[T]]: ...
@overload
def after(delay: Duration, *, source: Source[S], target: Across) -> After[S, S, In[S], In[S]]: ...
def after(delay: Duration, *, source: Any, target: Any) -> Any:
    """A transition by time: `def method(self, data) -> new data`, pure.

    Args:
        delay: how long after the source was entered, such as "48 hours".
        source: the state whose entering sets the timer, or a set or tuple of them.
        target: where it leads.

    Raises:
        BadDefinition: something here is not what it should be.
    """
    wait = declared_duration(delay)
    if wait <= timedelta():
        text = f"after({delay!r}) never passes; the delay must be longer than nothing"
        raise bad_definition(text)
    words = delay if isinstance(delay, str) else _spell(wait)
    return After[Any, Any, Any, Any](
        Move(
            event="after " + " ".join(words.split()),
            sources=states_of(source, "source"),
            target=target_of(target, needed=True),
            line=line_of_author(),
            delay=wait,
        )
    )


def rules_of(member: object) -> tuple[Rule, ...]:
    """The rules that were declared on a method, from the top."""
    return tuple(getattr(member, _RULES, ()))


F = TypeVar("F", bound=Callable[..., Any])


def attach(handler: F, rule: Rule) -> F:
    """Note the rule on the function, which stays a plain function and is tested as one."""
    if not isinstance(cast("object", handler), FunctionType):
        text = f"{handler!r} is not a method; write `def name(self, ...)` below the decorator"
        raise bad_definition(text)
    setattr(handler, _RULES, (rule, *rules_of(handler)))
    return handler


def states_of(given: object, place: str) -> tuple[StrEnum, ...]:
    """The given states, without repetition, in the order of their enumeration."""
    several = isinstance(given, AbstractSet | tuple)
    many = cast("Iterable[object]", given if several else (given,))
    found: list[StrEnum] = []
    for state in many:
        if not isinstance(state, StrEnum):
            text = f"{place} takes members of the lifecycle's StrEnum, not {state!r}"
            raise bad_definition(text)
        found.append(state)
    if not found:
        text = f"{place} names no state"
        raise bad_definition(text)
    return tuple(sorted(dict.fromkeys(found), key=_place))


def target_of(given: object, *, needed: bool = False) -> StrEnum | Back[Any] | Across | None:
    """The target of a move, checked as far as it can be without its class."""
    if given is None and not needed:
        return None
    if isinstance(given, Across):
        return given
    if isinstance(given, Back):
        return cast("Back[Any]", cast("object", given))
    return states_of(given, "target")[0]


def _place(state: StrEnum) -> int:
    return list(type(state).__members__).index(state.name)


def _spell(wait: timedelta) -> str:
    """A duration in words that `duration` reads back."""
    seconds, micros = wait.seconds, wait.microseconds
    parts = [(wait.days, "day"), (seconds // 3600, "hour"), (seconds // 60 % 60, "minute")]
    parts.append((seconds % 60, "second"))
    words = [f"{count} {unit}{'s' if count != 1 else ''}" for count, unit in parts if count]
    return " ".join([*words, f"{micros / 1000:g} ms"] if micros else words)


def line_of_author() -> int:
    """The line of the author's decorator: two calls up from here."""
    frame = inspect.currentframe()
    caller = frame and frame.f_back and frame.f_back.f_back
    return caller.f_lineno if caller else 0
