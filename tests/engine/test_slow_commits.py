"""What ends while a commit is being written is not forgotten, and not done again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from interlock.engine import Engine
from interlock.engine.session import Session
from interlock.machines import each, parallel, start_child, step, workflow
from interlock.store.contract import Appended

CALLS: list[int] = []


@step
async def note(number: int) -> int:
    CALLS.append(number)
    for _ in range(number % 5):
        await asyncio.sleep(0)
    return number


@workflow
async def noting(count: int) -> list[int]:
    return await each(note, list(range(count)), concurrency=7)


@workflow
async def left_child(number: int) -> int:
    return await note(number)


@workflow
async def leaving(number: int) -> int:
    start_child(left_child, number, id="left alone", on_cancel="abandon")
    a, b = await parallel(note(number + 1), note(number + 2))
    return a + b


@workflow
async def leaving_at_once(number: int) -> int:
    done = await note(number)
    start_child(left_child, number, id="left at once", on_cancel="abandon")
    return done


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every commit takes several turns of the loop."""
    flush = Session.flush

    async def slowly(self: Session, *args: Any, **kwargs: Any) -> Appended | None:
        for _ in range(3):
            await asyncio.sleep(0)
        appended = await flush(self, *args, **kwargs)
        for _ in range(3):
            await asyncio.sleep(0)
        return appended

    monkeypatch.setattr(Session, "flush", slowly)


@pytest.mark.usefixtures("slow")
async def test_every_item_is_done_once() -> None:
    CALLS.clear()
    async with Engine("memory://") as engine:
        run = await engine.start(noting, 60)
        assert await run.result() == [*range(60)]
    assert sorted(CALLS) == [*range(60)]


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize(
    ("flow", "id_"), [(leaving, "left alone"), (leaving_at_once, "left at once")]
)
async def test_a_child_that_is_left_alone_goes_on_after_its_parent(flow: Any, id_: str) -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(flow, 3)
        await run.result()
        assert await (await engine.get(id_)).result() == 3
