"""What a child run is given: copies, of classes that it knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count as numbers
from typing import Any

from engine.trouble import Troubled
from interlock.engine import Engine
from interlock.machines import Command, Workflow, step, wait_for, workflow
from interlock.machines.errors import ChildRefused

NUMBERS = numbers()


@dataclass
class Line:
    sku: str


@step
async def add(items: list[Line]) -> int:
    return len(items)


@workflow
async def count(items: list[Line]) -> int:
    items.append(Line("bag"))
    return await add(items)


@workflow
async def counted(items: list[Line]) -> tuple[int, int, bool]:
    """The same list is a variable before, at and behind the child."""
    also = items
    first = await add(items)
    child = await count(items)
    return first + child, len(also), also is items


@step
async def double(number: int) -> int:
    return 2 * number


@workflow
async def untyped(items: Any) -> int:
    return await double(len(items))


@workflow
async def misled(items: list[Line]) -> str:
    try:
        await untyped(items)
    except ChildRefused as error:
        return str(error)
    return "not refused"


async def test_a_child_is_given_copies_of_variables() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(counted, [Line("tea")], id="run")
        assert await run.result() == (3, 1, True)


async def test_what_a_child_cannot_be_given_is_an_error_where_it_is_awaited() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(misled, [Line("tea")], id="run")
        assert "Line, a class that is not registered" in await run.result()


@dataclass
class Cup:
    size: int


@dataclass
class NewCup:
    size: int
    colour: str = "red"
    number: int = field(default_factory=NUMBERS.__next__)


NewCup.__qualname__ = "Cup"


class Poured(Command):
    pass


async def pour(cup: Any) -> int:
    await wait_for(Poured)
    return int(cup.size)


async def drink(cup: Any) -> str:
    poured = await pouring(cup)
    return f"{poured} of {cup.size}"


def cups(cls: type) -> tuple[Workflow[..., Any], Workflow[..., Any]]:
    """A parent and its child, of one shape of their class."""
    global pouring  # noqa: PLW0603  the name that the parent awaits
    pour.__annotations__["cup"] = drink.__annotations__["cup"] = cls
    pouring = Workflow(pour, "pouring")
    parent = Workflow(drink, "drinking")
    assert parent.machine.values
    return parent, pouring


pouring: Workflow[..., Any]


async def test_a_child_of_this_very_call_is_known_though_its_class_has_got_fields_since() -> None:
    """Its input is not what it was: the parent's copy was given defaults when it moved over."""
    store = Troubled()
    async with Engine(store, machines=[*cups(Cup)]) as engine:
        await engine.start(cups(Cup)[0], Cup(3), id="cup")
        await engine.settle()
    parent, child = cups(NewCup)
    async with Engine(store, machines=[parent, child]) as engine:
        (name,) = [entry.run for entry in await engine.runs() if entry.parent]
        await engine.send(name, Poured())
        run = await engine.get("cup")
        assert await run.result() == "3 of 3"
