"""The decorators of transitions that need no command: `always` and `done`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar, cast, overload

from pydantic import BaseModel

from interlock.machines.guard import Check, Guard
from interlock.machines.ir import ALWAYS, DONE
from interlock.machines.place import bad_definition
from interlock.machines.reach import Across, Back
from interlock.machines.rule import (
    After,
    In,
    Move,
    Rule,
    Source,
    attach,
    line_of_author,
    states_of,
    target_of,
)

S = TypeVar("S", bound=StrEnum)
T = TypeVar("T", bound=StrEnum)
G = TypeVar("G", bound=BaseModel)
L = TypeVar("L")
L_source_co = TypeVar("L_source_co", covariant=True)
L_target_co = TypeVar("L_target_co", covariant=True)

Conditions: TypeAlias = Callable[[G], Check] | tuple[Callable[[G], Check], ...]
"""One guard of the data alone, or several that must all agree, asked in order."""


class GuardedFlow(Generic[S, T, L_source_co, L_target_co, G]):
    """What `always(...)` and `done(...)` with a guard return."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def __call__(
        self: GuardedFlow[S, S, L, L, G], handler: Callable[[L, G], G]
    ) -> Callable[[Any, G], G]:
        """Declare `handler` the method that computes the new data."""
        return attach(handler, self._rule)


@overload
def always(
    *, source: Source[S], target: T | Back[T], guard: Conditions[G]
) -> GuardedFlow[S, T, In[S], In[T], G]: ...
@overload
def always(
    *, source: Source[S], target: Across, guard: Conditions[G]
) -> GuardedFlow[S, S, In[S], In[S], G]: ...
@overload
def always(*, source: Source[S], target: T | Back[T]) -> After[S, T, In[S], In[T]]: ...
@overload
def always(*, source: Source[S], target: Across) -> After[S, S, In[S], In[S]]: ...
def always(*, source: Any, target: Any, guard: Any = ()) -> Any:
    """A transition that needs no event: `def method(self, data) -> new data`, pure.

    It is looked at when the source has been entered, and after every other transition while the
    run is in the source, and taken at once when its guards agree.

    Args:
        source: the state it starts from, or a set or tuple of them.
        target: where it leads.
        guard: `(data) -> bool | Refuse("why not")`, or a tuple of such functions.

    Raises:
        BadDefinition: something here is not what it should be.
    """
    return _flow(ALWAYS, source, target_of(target, needed=True), guard, line_of_author())


@overload
def done(
    *, source: Source[S], target: T | Back[T], guard: Conditions[G]
) -> GuardedFlow[S, T, In[S], In[T], G]: ...
@overload
def done(
    *, source: Source[S], target: Across | None = None, guard: Conditions[G]
) -> GuardedFlow[S, S, In[S], In[S], G]: ...
@overload
def done(*, source: Source[S], target: T | Back[T]) -> After[S, T, In[S], In[T]]: ...
@overload
def done(*, source: Source[S], target: Across | None = None) -> After[S, S, In[S], In[S]]: ...
def done(*, source: Any, target: Any = None, guard: Any = ()) -> Any:
    """A transition for when the source's inner states have come to their end: pure, as `always`.

    A state with one region is done when that enters a state of its `final=`; one with several
    when all of them have.

    Args:
        source: the state whose inner states end, or a set or tuple of them.
        target: where it leads; without one the run stays, and its data may change.
        guard: `(data) -> bool | Refuse("why not")`, or a tuple of such functions.

    Raises:
        BadDefinition: something here is not what it should be.
    """
    return _flow(DONE, source, target_of(target), guard, line_of_author())


def _flow(
    event: str,
    source: object,
    target: StrEnum | Back[Any] | Across | None,
    guard: Any,
    line: int,
) -> Any:
    guards = cast(
        "tuple[Callable[[Any], Check], ...]", guard if isinstance(guard, tuple) else (guard,)
    )
    move = Move(
        event=event,
        sources=states_of(source, "source"),
        target=target,
        line=line,
        guards=tuple(_of_data(guard) for guard in guards),
    )
    if guards:
        return GuardedFlow[Any, Any, Any, Any, Any](move)
    return After[Any, Any, Any, Any](move)


def _of_data(guard: Callable[[Any], Check]) -> Guard:
    """A guard of the data alone in the form of all guards; there is no command to look at."""
    if not callable(cast("object", guard)):
        text = f"guard={guard!r} is not a function (data) -> bool | Refuse"
        raise bad_definition(text)

    @functools.wraps(guard)
    def asked(data: Any, command: Any) -> Check:
        return guard(data)

    return asked
