"""Many items: how many at a time, what they are called, how far they are, and what is repeated."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from engine import fans, items
from engine.board import Board, Mortal, quiet, recorded
from interlock.engine import Engine
from interlock.machines import BadDefinition
from interlock.store.clock import ManualClock

COUNT = 10_000 if os.environ.get("INTERLOCK_PROFILE") == "long" else 1000


@pytest.fixture(autouse=True)
def board() -> Iterator[Board]:
    fans.BOARD.append(Board())
    items.CALLED.clear()
    yield fans.BOARD[-1]
    fans.BOARD.pop()


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with Engine("memory://", clock=ManualClock()) as engine:
        yield engine


async def all_of_them(board: Board) -> None:
    """Let calls end, the newest first, until there are none."""
    while board.open:
        board.open[[*board.open][-1]].set_result(None)
        await quiet()


@pytest.mark.parametrize("at_a_time", [1, 2, 5, 50])
async def test_so_many_at_a_time(engine: Engine, board: Board, at_a_time: int) -> None:
    run = await engine.start(items.works, list(range(7)), at_a_time, id="run")
    await quiet()
    await all_of_them(board)
    assert [one.value for one in await run.result()] == [[n, 10 * n] for n in range(7)]
    assert board.most == min(at_a_time, 7)


async def test_how_far_it_is_can_be_read(engine: Engine, board: Board) -> None:
    run = await engine.start(items.works, [1, -2, 3, 4, 5, 6], 3, id="run")
    await quiet()
    board.let("[0]", "[1]")
    await quiet()
    progress = await run.progress()
    assert list(progress) == ["each:work"]
    (each,) = progress.values()
    assert (each.total, each.done, each.failed, each.active) == (6, 2, 1, 3)
    assert await run.status() == "running"
    assert (await run.history()).at(3).state == "each:work"
    await all_of_them(board)
    await run.result()
    assert await run.progress() == {}


async def test_a_batch_waits_for_its_instant(engine: Engine, board: Board) -> None:
    assert isinstance(engine.clock, ManualClock)
    run = await engine.start(items.paced, list(range(8)), id="run")
    begun: list[int] = []
    for _ in range(3):
        await quiet()
        await all_of_them(board)
        begun.append(len(board.made))
        assert [one.active for one in (await run.progress()).values()] == [0] * (begun[-1] < 8)
        for minutes in (59, 2):
            engine.clock.set(engine.clock.now() + timedelta(minutes=minutes))
            await engine.tick()
            await quiet()
            if minutes == 59:
                assert not board.open
    assert begun == [3, 6, 8]
    assert board.most == 2
    assert await run.result() == [[n, 10 * n] for n in range(8)]


async def test_items_are_called_by_their_ids(engine: Engine, board: Board) -> None:
    board.patient = True
    first = await engine.start(items.called, [4, 5], ["a", "b"], id="first")
    second = await engine.start(items.called_by_themselves, [4, 5], id="second")
    await quiet()
    assert sorted(board.open) == [
        "first/each:work#1[a]", "first/each:work#1[b]",
        "second/each:work#1[number 4]", "second/each:work#1[number 5]",
    ]  # fmt: skip
    await all_of_them(board)
    assert await first.result() == await second.result() == [[4, 40], [5, 50]]


@pytest.mark.parametrize(
    ("ids", "why"), [(["a", "a"], "two items are called 'a'"), (["a"], "1 ids for 2 items")]
)
async def test_ids_that_do_not_fit_are_refused(
    engine: Engine, board: Board, ids: list[str], why: str
) -> None:
    run = await engine.start(items.called, [4, 5], ids, id="run")
    with pytest.raises(BadDefinition, match=why):
        await run.result()
    assert not board.made


async def test_an_item_that_is_left_out_says_why(engine: Engine, board: Board) -> None:
    run = await engine.start(items.careful_items, [1, 2, 3, 4], id="run")
    await quiet()
    await all_of_them(board)
    assert await run.result() == [0, 20, 0, 40]
    said = [e.body for e in (await run.history()).events if e.type == "StepSkipped"]
    assert [getattr(body, "reason", "") for body in said] == ["1 is odd", "3 is odd"]


async def test_nothing_at_all(engine: Engine) -> None:
    run = await engine.start(items.nothing_to_do, id="run")
    assert await run.result() == [[], [], (), (), []]
    none = await engine.start(items.nobody_runs, id="none")
    with pytest.raises(BadDefinition, match="no calls to choose from"):
        await none.result()


@pytest.mark.parametrize("kept", [True, False])
async def test_of_many_items_only_those_in_flight_are_repeated(kept: bool) -> None:
    store = Mortal()
    done: set[str] = set()
    allowed = 0
    for part in (0.3, 0.2, 0.4, 0):
        store.dies, store.kept = int(part * COUNT / 25), kept  # commits, of 20 items or so
        async with Engine(store) as engine:
            starting = asyncio.ensure_future(engine.start(items.many_moves, COUNT, 20, id="run"))
            if store.dies:
                await asyncio.wait_for(store.dead.wait(), 60)
            else:
                assert await asyncio.wait_for((await starting).result(), 60) == COUNT * (COUNT - 1)
            starting.cancel()
        store.revive()
        found = recorded("run", await store.read("run"))
        assert len(found) > len(done)
        done = found
        in_flight = items.CALLED.keys() - done
        assert len(in_flight) <= 20
        allowed += len(in_flight)
    assert len(items.CALLED) == COUNT
    assert COUNT < items.CALLED.total() <= COUNT + allowed
