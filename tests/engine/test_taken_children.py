"""The id of a child is the child's alone: a run of somebody else is neither awaited nor touched."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from interlock.engine import Engine
from interlock.machines import ChildRefused, Command, start, start_child, step, wait_for, workflow
from interlock.machines.errors import BadDefinition
from interlock.store.errors import Unrecordable


class Go(Command):
    pass


@step
async def double(number: int) -> int:
    return 2 * number


@workflow
async def expecting(number: int) -> int:
    await wait_for(Go)
    return await double(number)


@workflow
async def single(number: int) -> int:
    handle = start_child(expecting, number, id="kid")
    return await handle


@workflow(name="twice-one-id")
async def twice(number: int) -> str:
    first = start_child(expecting, number, id="kid")
    try:
        start_child(expecting, number, id="kid")
        said = "nothing"
    except BadDefinition as error:
        said = str(error)
    return f"{await first}, {said}"


@workflow
async def again(number: int) -> int:
    done = await start_child(expecting, number, id="kid")
    return done + await start_child(expecting, number, id="kid")


@workflow
async def odd_child(number: int) -> list[str]:
    said: list[str] = []
    odd: Any = len  # a function
    try:
        start_child(expecting, odd)
    except Unrecordable as error:
        said.append(str(error))
    try:
        start(double(odd))
    except Unrecordable as error:
        said.append(str(error))
    return said


async def test_a_run_that_somebody_else_started_is_not_the_child() -> None:
    async with Engine("memory://") as engine:
        other = await engine.start(expecting, 5, id="kid")
        await engine.settle()
        run = await engine.start(single, 5, id="one")
        with pytest.raises(ChildRefused, match="'kid' is taken by a run that"):
            await asyncio.wait_for(run.result(), 5)
        assert await other.status() == "waiting"


async def test_a_second_child_of_one_id_is_an_error_where_it_is_started() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(twice, 4, id="two")
        await engine.settle()
        await engine.send("kid", Go())
        result = await asyncio.wait_for(run.result(), 5)
        assert result.startswith(
            "8, ILK031: start_child(expecting, id='kid'): this run has started"
        )
        assert len(await engine.runs(machine="expecting")) == 1


async def test_also_when_the_first_is_over() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(again, 4, id="again")
        await engine.settle()
        await engine.send("kid", Go())
        with pytest.raises(BadDefinition, match=r"id='kid'.*give it another id"):
            await asyncio.wait_for(run.result(), 5)


async def test_what_no_log_can_hold_is_an_error_where_it_is_said() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(odd_child, 4)
        child, call = await asyncio.wait_for(run.result(), 5)
        assert child.startswith("ILK012: argument 1 of expecting cannot be recorded")
        assert call.startswith("ILK012: argument 1 of double cannot be recorded")


@workflow
async def at_once(number: int) -> int:
    named = await start_child(expecting, number, id="kid")
    return named + await start(double(number))


async def test_what_is_started_may_be_awaited_at_once() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(at_once, 4, id="at once")
        await engine.settle()
        assert await run.state() == "join:expecting"
        await engine.send("kid", Go())
        assert await asyncio.wait_for(run.result(), 5) == 16
