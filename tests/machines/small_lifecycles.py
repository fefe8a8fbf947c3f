"""Small lifecycles made at random, with finite commands and data, for proofs about them."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from hypothesis import strategies as st
from pydantic import BaseModel, Field

from interlock.machines import Command, Lifecycle, Refuse, after, entering, on, step
from interlock.machines.ir import Unhandled
from interlock.machines.proof import invariant
from interlock.machines.step import Effect

MOST = 4
"""The data counts from 0 to this, and around."""


class Spot(StrEnum):
    A = "a"
    B = "b"
    C = "c"
    D = "d"


class Count(BaseModel):
    n: int = 0
    flag: bool = False


class Step(Command):
    by: Annotated[int, Field(ge=0, le=2)]


class Turn(Command):
    on: bool


class Nothing(Command):
    pass


COMMANDS: tuple[type[Command], ...] = (Step, Turn, Nothing)
EVERY: tuple[Command, ...] = (
    Step(by=0), Step(by=1), Step(by=2), Turn(on=False), Turn(on=True), Nothing(),
)  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """One transition: where, by what, from which count on, and what it adds."""

    source: Spot
    target: Spot
    command: type[Command] | None
    least: int
    adds: int
    fails_at: int


rules = st.builds(
    Rule,
    st.sampled_from([Spot.A, Spot.B, Spot.C]),
    st.sampled_from(Spot),
    st.sampled_from([*COMMANDS, None]),
    st.integers(0, 3),
    st.integers(0, 2),
    st.sampled_from([-1, -1, -1, 4]),
)


def lifecycle(
    drawn: list[Rule], below: int, unhandled: Unhandled = "refuse", pokes: Spot | None = None
) -> type[Lifecycle[Any, Any]]:
    """The class that some rules describe; its invariant is that the count stays below a number.

    Args:
        pokes: on entering which state it names an effect of `poke`.
    """

    def body(namespace: dict[str, Any]) -> None:
        for number, rule in enumerate(drawn):
            namespace[f"move_{number}"] = _method(rule, number)
        if pokes is not None:
            namespace["pokes"] = entering(pokes)(_poking())
        namespace["stays_below"] = invariant(_below(below))
        namespace.update(__module__=__name__, __qualname__="lifecycle.<locals>.Small")

    head = {"initial": Spot.A, "final": {Spot.D}, "unhandled": unhandled, "steps": [poke]}
    made: type[Lifecycle[Any, Any]] = types.new_class(
        "Small", (Lifecycle[Spot, Count],), head, body
    )
    return made


@step(timeout="1 minute")
async def poke(n: int) -> None: ...


def _poking() -> Any:
    def pokes(self: Any, count: Count) -> Effect:
        return poke.effect(count.n)

    return pokes


def _below(most: int) -> Callable[[Any, Count], bool | Refuse]:
    def stays_below(self: Any, count: Count) -> bool | Refuse:
        return count.n < most or Refuse(f"{count.n} is not below {most}")

    return stays_below


def _method(rule: Rule, number: int) -> Any:
    def changed(count: Count, more: int) -> Count:
        if count.n == rule.fails_at:
            raise ValueError("a method fails")
        return Count(n=(count.n + more) % (MOST + 1), flag=count.flag)

    def moves(self: Any, count: Count, command: Any) -> Count:
        if isinstance(command, Turn):
            return Count(n=count.n, flag=command.on)
        return changed(count, rule.adds + getattr(command, "by", 0))

    def expires(self: Any, count: Count) -> Count:
        return changed(count, rule.adds)

    def enough(count: Count, command: Any) -> bool:
        return count.n >= rule.least

    function: Any = expires if rule.command is None else moves
    function.__name__ = f"move_{number}"
    if rule.command is None:
        declare: Any = after(f"{number + 1} hours", source=rule.source, target=rule.target)
    else:
        loose: Any = on
        declare = loose(rule.command, source=rule.source, target=rule.target, guard=enough)
    return declare(function)
