"""Joins where something else is going on: pauses, backoffs, doubts, handles that change hands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from engine import edges, fans
from engine.board import Board, quiet
from interlock.engine import Engine, RunCancelledError
from interlock.machines import BadDefinition, Handle
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import ManualClock


@pytest.fixture(autouse=True)
def board() -> Iterator[Board]:
    fans.BOARD.append(Board())
    yield fans.BOARD[-1]
    fans.BOARD.pop()


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with Engine("memory://", clock=ManualClock()) as engine:
        yield engine


async def pass_time(engine: Engine, **by: float) -> None:
    assert isinstance(engine.clock, ManualClock)
    engine.clock.set(engine.clock.now() + timedelta(**by))
    await engine.tick()
    await quiet()


async def test_a_run_is_cancelled_between_two_batches(engine: Engine, board: Board) -> None:
    run = await engine.start(edges.pausing, [1, 2, 3], id="run")
    await quiet()
    board.let("[0]", "[1]")
    await quiet()
    await engine.cancel(run, reason="enough")
    with pytest.raises(RunCancelledError, match="enough"):
        await asyncio.wait_for(run.result(), 5)
    assert await engine.store.due(engine.clock.now() + timedelta(days=1)) == []
    assert len(board.made) == 2


async def test_what_waits_for_its_next_attempt_is_cancelled_too(
    engine: Engine, board: Board
) -> None:
    run = await engine.start(edges.backing_off_beside, 7, id="run")
    await quiet()
    board.let("#1[0]", "#1[1]/flaky")
    await quiet()
    assert len(await engine.store.due(engine.clock.now() + timedelta(days=1))) == 2
    board.let("#1[2]")
    assert await asyncio.wait_for(run.result(), 5) == "('item -1', -1)"
    await pass_time(engine, hours=3)
    assert set(board.made.values()) == {1}
    assert not board.cancelled


async def test_items_are_retried_each_by_itself(engine: Engine, board: Board) -> None:
    run = await engine.start(edges.retrying_items, [1, 7, 8], id="run")
    for attempt in (1, 2, 3):
        await quiet()
        assert len(board.open) == (3 if attempt == 1 else 2)
        for future in [*board.open.values()]:
            future.set_result(None)
        await quiet()
        await pass_time(engine, hours=1)
    assert await asyncio.wait_for(run.result(), 5) == ["Ok", "Err", "Err"]
    assert sorted(board.made.values()) == [1, 3, 3]


@pytest.mark.parametrize("happened", [True, False])
async def test_a_member_in_doubt_waits_for_a_person(board: Board, happened: bool) -> None:
    store = MemoryStore()
    async with Engine(store, machines=[edges.doubtful]) as engine:
        await engine.start(edges.doubtful, 5, id="run")
        await quiet()
        assert len(board.open) == 2
    async with Engine(store, machines=[edges.doubtful]) as engine:
        run = await engine.get("run")
        await quiet()
        board.let("#1[1]")
        await quiet()
        assert await run.status() == "in doubt"
        await engine.resolve("run", "once_only", happened=happened, result=77, by="ann")
        await quiet()
        if not happened:
            board.let("#1[0]")
        assert await asyncio.wait_for(run.result(), 5) == [77 if happened else 50, [6, 60]]
    assert board.made["run/parallel:once_only+work#1[0]"] == (1 if happened else 2)


async def test_handles_change_hands(engine: Engine, board: Board) -> None:
    run = await engine.start(edges.handing_over, 1, id="run")
    await quiet()
    board.let("[1]")
    await quiet()
    board.let("without")
    await quiet()
    board.let("within")
    assert await asyncio.wait_for(run.result(), 5) == [[1, 10], 31, 32, [3, 30]]


async def test_a_handle_that_loses_a_race_is_cancelled(engine: Engine, board: Board) -> None:
    run = await engine.start(edges.sharing, 1, id="run")
    await quiet()
    board.let("shared")
    assert await asyncio.wait_for(run.result(), 5) == [0, [1, 10], ["Ok", "Err"]]
    assert len(board.cancelled) == 1


async def test_the_handle_of_another_run_is_refused(engine: Engine) -> None:
    handle: Handle[int] = Handle("of-somebody-else")
    run = await engine.start(edges.foreign, handle, id="run")
    with pytest.raises(BadDefinition, match="of-somebody-else"):
        await asyncio.wait_for(run.result(), 5)
    assert not engine.held
