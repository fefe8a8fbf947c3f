"""A run whose variables are values of every kind and are changed in every way: to be recorded."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from interlock.engine import Engine
from interlock.machines import parallel, settle, step, workflow
from interlock.store.backends.memory import MemoryStore


class Colour(Enum):
    RED = 1
    BLUE = 2


class Rights(Flag):
    READ = 1
    WRITE = 2


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass
class Box:
    content: Any
    notes: list[str] = field(default_factory=list[str])


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str
    note: str = ""


@step
async def look(what: int) -> int:
    return what


@step
async def paint(colour: Colour, box: Box) -> Rights:
    return Rights.READ | Rights.WRITE


@workflow(name="values-recorded")
async def keeping(start: Colour) -> list[Any]:
    atoms: list[Any] = [
        start, Rights.READ, 2**70, float("inf"), Decimal("1.10"), date(2024, 2, 29),
        time(1, 2, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC), timedelta(days=1),
        UUID(int=7), b"bytes", "x" * 70, None, True,
    ]  # fmt: skip
    keyed: dict[Any, Any] = {Colour.RED: 1, (1, "a"): 2, 3: 4}
    named = {"a": 1, "b": 2}
    members = {1, 2, 3}
    others: list[Any] = [frozenset({1}), deque([1, 2], 5), range(3), bytearray(b"b"), (1, (2,))]
    box = Box(Pair(1, Open.model_validate({"name": "n", "more": [1]})))
    shared = [box, box]
    error = KeyError("gone")
    rights = await paint(start, box)
    atoms.append(rights)
    keyed[Colour.BLUE] = atoms
    del keyed[3]
    del named["a"]
    named["c"] = 3
    members.discard(1)
    members.add(9)
    box.notes.append("seen")
    await look(1)
    atoms.pop(2)
    atoms[0] = Colour.BLUE
    box.content = Pair(2, box.content.right)
    others[1].append(3)
    shared.insert(0, Box(None))
    await parallel(look(2), look(3))
    counts = [len(atoms), len(keyed), len(named), len(members), len(others), len(shared)]
    return [*counts, str(error), box.content.right.more, keyed, members, Colour.RED]


async def test_values_of_every_kind_cross_an_await() -> None:
    async with Engine(MemoryStore("memory://"), machines=[keeping]) as engine:
        found = await (await engine.start(keeping, Colour.RED, id="kept")).result()
    assert found[:6] == [14, 3, 2, 3, 5, 3]
    assert found[6:8] == ["'gone'", [1]]
    assert (len(found[8][Colour.BLUE]), found[9], found[10]) == (14, {2, 3, 9}, Colour.RED)


async def packed(what: int) -> int:
    return await look(what)


@workflow(name="given-too-much")
async def given_too_much(numbers: list[int]) -> list[str]:
    outcomes = await settle(packed(*numbers), look(1))
    return [type(outcome).__name__ for outcome in outcomes]


async def test_a_call_that_cannot_begin() -> None:
    async with Engine(MemoryStore("memory://"), machines=[given_too_much]) as engine:
        run = await engine.start(given_too_much, [1, 2], id="too-much")
        assert await run.result() == ["Err", "Ok"]
        assert "CallFailed" in [event.type for event in (await run.history()).events]
