"""A run's variables as typed values, at any instant, from the log alone."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from interlock.engine import Engine
from interlock.machines import Command, Lifecycle, on, parallel, step, wait_for, workflow
from interlock.projections import NoSuchVariable, NotOfThatType, read_variable


class Line(BaseModel):
    sku: str
    count: int


class Add(Command):
    line: Line


class Counted(BaseModel):
    total: int = 0


class Bump(Command):
    by: int


class Stage(StrEnum):
    COUNTING = "counting"
    FULL = "full"


def is_full(counted: Counted, command: Bump) -> bool:
    return counted.total + command.by > 9


class Counter(Lifecycle[Stage, Counted], initial=Stage.COUNTING, final={Stage.FULL}):
    @on(Bump, source=Stage.COUNTING, target=Stage.FULL, guard=is_full)
    def fill(self, counted: Counted, command: Bump) -> Counted:
        return Counted(total=10)

    @on(Bump, source=Stage.COUNTING, target=Stage.COUNTING)
    def bump(self, counted: Counted, command: Bump) -> Counted:
        return Counted(total=counted.total + command.by)


@step
async def price(line: Line) -> int:
    return 3 * line.count


async def priced(sku: str) -> int:
    one = Line(sku=sku, count=1)
    amount = await price(one)
    more = await wait_for(Add)
    return amount + more.line.count


@workflow
async def cart(customer: str) -> int:
    lines: list[Line] = []
    while len(lines) < 2:
        added = await wait_for(Add)
        lines.append(added.line)
    first, second = await parallel(priced(customer), priced("b"))
    return first + second + len(lines)


async def filled(engine: Engine) -> None:
    run = await engine.start(cart, "ann", id="cart-1")
    for number in (1, 2):
        await engine.settle()
        await engine.send(run, Add(line=Line(sku=f"s{number}", count=number)))
    await engine.settle()


async def test_a_query_is_answered_by_a_store_that_nobody_drives(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/carts.db"
    async with Engine(url) as engine:
        await filled(engine)
    async with Engine(url, worker=False) as reader:
        run = await reader.get("cart-1")
        lines = await run.read("lines", list[Line])
        assert lines == [Line(sku="s1", count=1), Line(sku="s2", count=2)]
        lines.append(Line(sku="own", count=0))  # a value of the caller's own
        assert len(await run.read("lines", list[Line])) == 2


async def test_a_query_may_ask_for_any_version_and_any_instant() -> None:
    async with Engine("memory://") as engine:
        await filled(engine)
        run = await engine.get("cart-1")
        seen: list[int] = []
        for moment in await run.history():
            if "lines" in moment.variables:
                lines = await run.read("lines", list[Line], at=moment.version)
                assert [line.model_dump() for line in lines] == moment.variables["lines"]
                seen.append(len(lines))
        assert seen[0] == 0
        assert seen[-1] == 2
        (first, *_) = [m for m in await run.history() if m.variables.get("lines") == []]
        assert await run.read("lines", list[Line], at=first.at) == []


async def test_each_branch_has_its_own_variables() -> None:
    async with Engine("memory://") as engine:
        await filled(engine)
        run = await engine.get("cart-1")
        branches = (await run.snapshot()).threads
        assert len(branches) == 2
        for name in branches:
            assert await run.read("amount", int, branch=name) == 3
        with pytest.raises(NoSuchVariable, match="no branch 'other'"):
            await run.read("amount", int, branch="other")


async def test_the_data_of_a_lifecycle_is_read_by_its_type() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(Counter, Counted(total=1), id="counter")
        await engine.send(run, Bump(by=4))
        name = next(iter(await run.variables()))
        assert await run.read(name, Counted) == Counted(total=5)
        assert await run.read(name, Counted, at=1) == Counted(total=1)


async def test_what_is_not_there_or_of_another_type_is_told() -> None:
    async with Engine("memory://") as engine:
        await filled(engine)
        run = await engine.get("cart-1")
        with pytest.raises(NoSuchVariable, match=r"no variable 'lins'.*it has: .*lines") as missing:
            await run.read("lins", list[Line])
        assert missing.value.code == "ILK024"
        with pytest.raises(NotOfThatType, match="is list, not int") as wrong:
            await run.read("lines", int)
        assert wrong.value.code == "ILK025"
        with pytest.raises(NotOfThatType):
            await run.read("lines", list[int])


async def test_a_history_alone_answers_too() -> None:
    async with Engine("memory://") as engine:
        await filled(engine)
        run = await engine.get("cart-1")
        state = (await run.history()).state()
    lines: Any = read_variable(state, "lines", list[Line])
    assert [line.sku for line in lines] == ["s1", "s2"]
