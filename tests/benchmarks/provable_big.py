"""A lifecycle with as many places as are wanted, and the same by hand."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, Field

from interlock.machines import Command, Lifecycle, Refuse, on
from interlock.machines.proof import invariant


class At(StrEnum):
    A = "a"
    B = "b"
    C = "c"
    D = "d"
    END = "end"


class Data(BaseModel):
    x: int = 0
    y: int = 0
    z: int = 0
    ok: bool = False


class Add(Command):
    by: Annotated[int, Field(ge=1, le=2)]


class Turn(Command):
    pass


class Wind(Command):
    pass


class Next(Command):
    pass


class Flip(Command):
    to: bool


Spot: TypeAlias = tuple[At, int, int, int, bool]
ORDER = {At.A: At.B, At.B: At.C, At.C: At.D, At.D: At.END}
BEFORE_END = (At.A, At.B, At.C, At.D)


def big(size: int) -> type[Lifecycle[Any, Any]]:
    """Some eight times the cube of `size` places, with five ways out of most."""

    def fits(data: Data, command: Add) -> bool | Refuse:
        return data.x + command.by < size or Refuse("full")

    class Big(Lifecycle[At, Data], initial=At.A, final={At.END}, name=f"big-{size}"):
        @on(Add, source=BEFORE_END, guard=fits)
        def add(self, data: Data, command: Add) -> Data:
            return data.model_copy(update={"x": data.x + command.by})

        @on(Turn, source=BEFORE_END)
        def turn(self, data: Data, command: Turn) -> Data:
            return data.model_copy(update={"y": (data.y + 1) % size})

        @on(Wind, source=(At.B, At.C, At.D))
        def wind(self, data: Data, command: Wind) -> Data:
            return data.model_copy(update={"z": (data.z + 1) % size})

        @on(Next, source=At.A, target=At.B)
        def first(self, data: Data, command: Next) -> Data:
            return data

        @on(Next, source=At.B, target=At.C)
        def second(self, data: Data, command: Next) -> Data:
            return data

        @on(Next, source=At.C, target=At.D)
        def third(self, data: Data, command: Next) -> Data:
            return data

        @on(Next, source=At.D, target=At.END)
        def last(self, data: Data, command: Next) -> Data:
            return data

        @on(Flip, source=(At.B, At.D))
        def flip(self, data: Data, command: Flip) -> Data:
            return data.model_copy(update={"ok": command.to})

        @invariant
        def inside(self, data: Data) -> bool:
            return data.x < size

    return Big


def by_hand(size: int) -> int:
    """The floor: the same places by tuples, without a lifecycle; how many there are."""
    start: Spot = (At("a"), 0, 0, 0, False)
    seen: set[Spot] = {start}
    todo: list[Spot] = [start]
    for at, x, y, z, ok in todo:
        if at is At.END:
            continue
        found: list[Spot] = [(at, x + by, y, z, ok) for by in (1, 2) if x + by < size]
        found += [(at, x, (y + 1) % size, z, ok), (ORDER[at], x, y, z, ok)]
        if at is not At.A:
            found.append((at, x, y, (z + 1) % size, ok))
        if at in (At.B, At.D):
            found += [(at, x, y, z, False), (at, x, y, z, True)]
        for one in found:
            if one not in seen:
                seen.add(one)
                todo.append(one)
    return len(seen)
