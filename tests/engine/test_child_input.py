"""What a child run is given: copies, of classes that it knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from interlock.engine import Engine
from interlock.machines import step, workflow
from interlock.machines.errors import ChildRefused


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
