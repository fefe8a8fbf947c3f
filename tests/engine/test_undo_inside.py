"""Undos of branches, items and children: who is asked, how they are named, what holds them back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from engine.trouble import Troubled
from interlock.engine import Engine, Run
from interlock.machines import (
    Breaker,
    ChildRefused,
    Refused,
    Retry,
    each,
    parallel,
    start_child,
    step,
    workflow,
)
from interlock.store.contract import Filter

CALLS: list[str] = []
BROKEN: list[str] = []
"""Undos that raise, once for each time they are named here."""


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    for made in (CALLS, BROKEN):
        made.clear()
    yield
    for made in (CALLS, BROKEN):
        made.clear()


async def cancel_room(name: str) -> None:
    CALLS.append(f"undo {name}")
    if name in BROKEN:
        BROKEN.remove(name)
        message = f"{name} is not undone"
        raise OSError(message)


@step(compensate=cancel_room, compensate_retry=Retry.none)
async def book(name: str) -> str:
    CALLS.append(name)
    return name


@step(irreversible="a letter cannot be unsent")
async def post(name: str) -> str:
    return name


@step
async def fail() -> None:
    message = "at last"
    raise ValueError(message)


async def trip(name: str) -> None:
    await book(f"{name} hotel")
    await book.named("car")(f"{name} car")


@workflow
async def branches() -> None:
    await parallel(north=trip("north"), south=trip("south"))
    await fail()


@workflow
async def items() -> None:
    await each(book, ["one", "two", "three"], ids=["a", "b", "c"], concurrency=1)
    await fail()


@workflow(name="undone-child")
async def child(name: str) -> str:
    await book(name)
    await post(name)
    return name


@workflow
async def parent() -> None:
    await book("before")
    await child("inside")
    await book.named("later")("after")
    await fail()


async def settled(run: Run[Any], status: str) -> None:
    for _ in range(500):
        if await run.status() == status:
            return
        await asyncio.sleep(0.002)
    assert await run.status() == status


@pytest.mark.parametrize(
    ("flow", "broken", "names", "undone"),
    [
        (
            branches,
            "north car",
            ("parallel:north+south#1[north]/car", "parallel:north+south#1[north]/car#2"),
            4,
        ),
        (branches, "south hotel", ("book", "parallel:north+south#1[south]/book#1"), 4),
        (items, "two", ("book", "each:book#1[b]", "each:book"), 3),
    ],
)
async def test_a_failed_undo_is_named_by_its_step_state_or_activity(
    flow: Any, broken: str, names: tuple[str, ...], undone: int
) -> None:
    for name in names:
        BROKEN.append(broken)
        async with Engine("memory://") as engine:
            run = await engine.start(flow, id="run")
            await settled(run, "undo failed")
            (entry,) = await engine.runs(status="undo failed")
            assert (entry.waits, entry.waits_for) == ("person", "undo book")
            with pytest.raises(Refused, match=r"failed: book \("):
                await engine.undo(run, "train", "skip", by="ann", reason="no")
            await engine.undo(run, name, "retry", by="ann", reason="again")
            with pytest.raises(ValueError, match="at last"):
                await run.result()
            last: Any = (await run.history()).events[-1].body
            assert (len(last.undone), last.undone[-1]) == (undone, _of(last.undone, names))


def _of(undone: list[str], names: tuple[str, ...]) -> str:
    return next(name for name in names if name in undone)


async def test_two_failed_undos_of_one_step_are_told_apart() -> None:
    BROKEN.extend(["one", "three"])
    async with Engine("memory://") as engine:
        run = await engine.start(items, id="run")
        await settled(run, "undo failed")
        with pytest.raises(Refused, match=r"several undos of 'book' .* say each:book#1\[c\]"):
            await engine.undo(run, "book", "skip", by="ann", reason="no")
        await engine.undo(run, "each:book#1[a]", "skip", by="ann", reason="it stays")
        await engine.undo(run, "book", "resolve", by="ann", reason="by phone")
        assert (await run.wait()).status == "compensation failed"
        last: Any = (await run.history()).events[-1].body
        assert (last.undone, last.not_undone) == (
            ["each:book#1[b]", "each:book#1[c]"], ["each:book#1[a]"],
        )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "status", "child_status"),
    [
        ("retry", "compensated", "cancelled"),
        ("resolve", "compensated", "cancelled"),
        ("skip", "compensation failed", "compensation failed"),
    ],
)
async def test_a_failed_undo_of_a_child_is_answered_there(
    answer: Any, status: str, child_status: str
) -> None:
    BROKEN.append("inside")
    store = Troubled()
    async with Engine(store) as engine:
        run = await engine.start(parent, id="run")
        inside = "run/undone-child#2"
        while not await engine.runs(status="undo failed"):  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.002)
        assert await run.status() == "compensating"
        assert CALLS[-2:] == ["undo after", "undo inside"]
        with pytest.raises(Refused, match=f"its children answer for themselves: {inside}"):
            await engine.undo(run, "book", "skip", by="ann", reason="no")
    async with Engine(store) as engine:
        await engine.undo(inside, "book", answer, by="ann", reason="it is so")
        run = await engine.get("run")
        state = await run.wait()
        assert state.status == status
        assert CALLS[-1] == "undo before"
        assert await (await engine.get(inside)).status() == child_status
        last: Any = (await run.history()).events[-1].body
        left = ["undone-child#2"] if answer == "skip" else []
        assert getattr(last, "not_undone", []) == left
        assert last.stays == ["undone-child#2"]  # the letter
        assert state.irreversible[0].why == "a letter cannot be unsent"
        effects = {e.activity: e for e in (await run.history()).ledger()}
        assert effects["undone-child#2"].irreversible == "a letter cannot be unsent"


@workflow
async def adopting() -> None:
    theirs = start_child(child, "theirs", id="theirs")
    await theirs
    await fail()


async def test_a_run_that_somebody_else_started_is_not_undone() -> None:
    async with Engine("memory://") as engine:
        theirs = await engine.start(child, "theirs", id="theirs")
        await theirs.result()
        run = await engine.start(adopting, id="run")
        with pytest.raises(ChildRefused, match="theirs"):
            await run.result()
        assert (await run.status(), await theirs.status()) == ("failed", "completed")
    assert CALLS == ["theirs"]


desk = Breaker("undo-desk", threshold=2, window="1 day", reset="1 hour")


@step(breaker=desk, retry=Retry(attempts=5, initial="1 ms", jitter=0))
async def give_back(name: str) -> None:
    CALLS.append(f"undo {name}")
    if name in BROKEN:
        BROKEN.remove(name)
        raise OSError(name)


@step(compensate=give_back)
async def borrow(name: str) -> str:
    return name


@workflow
async def borrowing() -> None:
    await borrow("book")
    await fail()


async def test_an_undo_that_is_a_step_waits_for_its_own_breaker() -> None:
    BROKEN.extend(["book"] * 2)
    async with Engine("memory://") as engine:
        run = await engine.start(borrowing, id="run")
        while not await engine.store.entries(Filter(waits="breaker")):  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.002)
        (entry,) = await engine.runs()
        assert CALLS == ["undo book"] * 2
        assert (entry.waits_for, entry.status) == ("undo-desk", "compensating")
        await engine.breaker("undo-desk").force_close(by="ann", reason="it is open again")
        assert (await run.wait()).status == "compensated"
    assert CALLS == ["undo book"] * 3
