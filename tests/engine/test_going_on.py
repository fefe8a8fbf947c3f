"""Runs under new code: they go on where that is provably safe, by a recorded event, once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.trouble import Ping, Troubled
from interlock.engine import Engine
from interlock.machines import (
    Command,
    Refused,
    Workflow,
    approval,
    parallel,
    registry,
    sleep,
    start,
    step,
    wait_for,
)
from interlock.projections import RunState, fold
from interlock.store.changing import RunMigrated

CALLS: list[str] = []
GATE: list[asyncio.Event] = []


class Pong(Command):
    number: int


@dataclass
class Line:
    sku: str


@dataclass
class Order:
    id: str
    lines: list[Line] = field(default_factory=list[Line])


@step
async def work(what: str) -> str:
    CALLS.append(what)
    if GATE:
        await GATE[0].wait()
    return what


@step
async def unwork(done: str) -> None:
    CALLS.append(f"undo {done}")


@step(compensate=unwork)
async def book(what: str) -> str:
    CALLS.append(what)
    return what


def called(function: Any, version: str = "") -> Workflow[..., Any]:
    """The same name for each: a program before and after an edit."""
    return Workflow(function, "edited", version)


@pytest.fixture(autouse=True)
def _clean() -> None:
    CALLS.clear()
    GATE.clear()


async def parked(store: Troubled, function: Any, *args: Any) -> None:
    """A run that waits, and whose process is gone."""
    async with Engine(store, machines=[called(function)]) as engine:
        await engine.start(called(function), *args, id="run")
        await engine.settle()


async def migrations(store: Troubled) -> list[RunMigrated]:
    return [e.body for e in await store.read("run") if isinstance(e.body, RunMigrated)]


async def state_of(store: Troubled) -> RunState:
    return fold(await store.read("run"))


async def first(what: str) -> str:
    done = await work(what)
    await wait_for(Ping)
    return done


async def longer(what: str) -> str:
    what = what.upper()
    done = await work(what)
    await wait_for(Ping)
    await approval("boss", about=done)
    return f"{done} and more"


async def test_a_parked_run_goes_on_under_new_code_when_something_happens() -> None:
    store = Troubled()
    await parked(store, first, "x")
    async with Engine(store, machines=[called(longer)]) as engine:
        await engine.settle()
        assert await migrations(store) == []  # it waits: nothing has to be decided
        await engine.send("run", Ping(number=1))
        await engine.settle()
        run = await engine.get("run")
        assert await run.state() == "approval:boss"
        await engine.approve("run", "boss", by="ann")
        assert await run.result() == "x and more"
    (migrated,) = await migrations(store)
    assert migrated.source == called(first).machine.hash
    assert migrated.target == called(longer).machine.hash
    assert migrated.by == []
    events = await store.read("run")
    at = next(i for i, event in enumerate(events) if event.type == "RunMigrated")
    assert {event.hash for event in events[:at]} == {migrated.source}
    assert {event.hash for event in events[at:]} == {migrated.target}
    assert (await engine_entry(store)).hash == migrated.target


async def engine_entry(store: Troubled) -> Any:
    found = await store.entry("run")
    assert found is not None
    return found


async def test_a_call_that_was_interrupted_is_made_again_by_the_new_code() -> None:
    store = Troubled()
    GATE.append(asyncio.Event())
    async with Engine(store, machines=[called(first)]) as engine:
        await engine.start(called(first), "x", id="run")
        while not CALLS:  # noqa: ASYNC110  a step tells no one
            await asyncio.sleep(0)
    GATE.clear()
    async with Engine(store, machines=[called(longer)]) as engine:
        await engine.settle()
        assert await (await engine.get("run")).state() == "wait:Ping"
    assert CALLS == ["x", "x"]
    assert len(await migrations(store)) == 1


async def test_a_refused_command_leaves_the_run_as_it_was() -> None:
    store = Troubled()
    await parked(store, first, "x")
    async with Engine(store, machines=[called(longer)]) as engine:
        position = await store.position()
        with pytest.raises(Refused):
            await engine.approve("run", "boss", by="ann")
        assert await store.position() == position


async def test_rolling_back_is_judged_by_the_same_rule() -> None:
    store = Troubled()
    await parked(store, first, "x")
    async with Engine(store, machines=[called(longer)]) as engine:
        await engine.send("run", Ping(number=1))
        await engine.settle()
    async with Engine(store, machines=[called(first)]) as engine:
        await engine.approve("run", "boss", by="ann")
        await engine.settle()
        entry = await engine_entry(store)
        assert entry.status == "held"
        assert "no state 'approval:boss'" in entry.waits_for
        assert "migrate(from_=" in entry.waits_for
    async with Engine(store, machines=[called(longer)]) as engine:
        await engine.settle()
        assert await (await engine.get("run")).result() == "x and more"


async def test_a_run_goes_back_where_that_is_safe() -> None:
    store = Troubled()
    await parked(store, with_two_waits, "x")
    async with Engine(store, machines=[called(with_two_waits_later)]) as engine:
        await engine.send("run", Ping(number=1))
        await engine.settle()
    async with Engine(store, machines=[called(with_two_waits)]) as engine:
        await engine.send("run", Pong(number=1))
        assert await (await engine.get("run")).result() == "x"
    there, back = await migrations(store)
    assert (there.source, there.target) == (back.target, back.source)


async def with_two_waits(what: str) -> str:
    await wait_for(Ping)
    await wait_for(Pong)
    return what


async def with_two_waits_later(what: str) -> str:
    await wait_for(Ping)
    await wait_for(Pong)
    return await work(what)


async def failing(what: str) -> str:
    done = await book(what)
    await wait_for(Ping)
    raise ValueError(done)


async def failing_elsewhere(what: str) -> str:
    await book(what)
    await wait_for(Ping)
    raise ValueError("new")


async def without_undo(what: str) -> str:
    await work.named("book")(what)
    await wait_for(Ping)
    raise ValueError("new")


async def test_what_was_done_is_undone_by_the_new_code() -> None:
    store = Troubled()
    await parked(store, failing, "x")
    async with Engine(store, machines=[called(failing_elsewhere)]) as engine:
        await engine.send("run", Ping(number=1))
        await engine.settle()
        assert (await engine_entry(store)).status == "compensated"
    assert CALLS == ["x", "undo x"]


async def test_a_run_whose_undo_is_gone_is_held() -> None:
    store = Troubled()
    await parked(store, failing, "x")
    async with Engine(store, machines=[called(without_undo)]) as engine:
        await engine.send("run", Ping(number=1))
        await engine.settle()
        entry = await engine_entry(store)
        assert entry.status == "held"
        assert "book is done, and has no undo any more" in entry.waits_for


async def looping(items: list[str]) -> list[str]:
    found: list[str] = []
    for item in items:
        found.append(await work(item))
        await sleep("1 day")
    await wait_for(Ping)
    return found


async def looping_more(items: list[str]) -> list[str]:
    found: list[str] = []
    for item in items:
        found.append(await work(item))
        await sleep("1 day")
        found.append("between")
    return found


async def looping_otherwise(items: list[str]) -> list[str]:
    found: list[str] = []
    for item in reversed(items):
        found.append(await work(item))
        await sleep("1 day")
    return found


async def test_a_run_in_a_loop_goes_on_in_the_same_loop() -> None:
    store = Troubled()
    await parked(store, looping, ["a", "b"])
    async with Engine(store, machines=[called(looping_more)]) as engine:
        for _ in range(2):
            await fire(engine)
        assert await (await engine.get("run")).result() == ["a", "between", "b", "between"]


async def test_a_loop_that_is_written_differently_is_another_one() -> None:
    store = Troubled()
    await parked(store, looping, ["a", "b"])
    async with Engine(store, machines=[called(looping_otherwise)]) as engine:
        await fire(engine)
        assert "in the middle of is written differently" in (await engine_entry(store)).waits_for


async def fire(engine: Engine) -> None:
    """Let the next timer be due now."""
    from interlock.engine import commands

    for timer in await engine.store.timers("run"):
        await commands.fire(engine, timer)
    await engine.settle()


async def both(what: str) -> list[str]:
    got = await parallel(work(what), inside(what))
    return [*got]


async def inside(what: str) -> str:
    await wait_for(Ping)
    return what


async def both_longer(what: str) -> list[str]:
    got = await parallel(work(what), inside(what))
    await wait_for(Pong)
    return [*got, "more"]


async def started(what: str) -> str:
    handle = start(work(what))
    await wait_for(Ping)
    return await handle


async def started_longer(what: str) -> str:
    handle = start(work(what))
    await wait_for(Ping)
    return f"{await handle}!"


async def test_branches_and_joins_go_on() -> None:
    store = Troubled()
    await parked(store, both, "x")
    async with Engine(store, machines=[called(both_longer)]) as engine:
        await engine.send("run", Ping(number=1))
        await engine.settle()
        assert await (await engine.get("run")).state() == "wait:Pong"
        await engine.send("run", Pong(number=1))
        assert await (await engine.get("run")).result() == ["x", "x", "more"]


async def test_what_was_started_on_its_own_goes_on() -> None:
    store = Troubled()
    await parked(store, started, "x")
    async with Engine(store, machines=[called(started_longer)]) as engine:
        await engine.send("run", Ping(number=1))
        assert await (await engine.get("run")).result() == "x!"


async def test_a_run_stays_with_its_own_code_while_that_is_imported() -> None:
    store = Troubled()
    kept, other = Workflow(first, "kept"), Workflow(both, "kept")
    registry.register(kept)
    registry.register(other)
    async with Engine(store, machines=[kept]) as engine:
        await engine.start(kept, "x", id="run")
        await engine.settle()
    async with Engine(store, machines=[other]) as engine:
        await engine.send("run", Ping(number=1))
        assert await (await engine.get("run")).result() == "x"
    assert await migrations(store) == []


async def cleaning(what: str) -> str:
    try:
        await wait_for(Ping)
    finally:
        await work.named("clean")(f"clean {what}")
    return what


async def cleaning_later(what: str) -> str:
    try:
        await wait_for(Ping)
    finally:
        await work.named("clean")(f"clean {what}")
    return await work(what)


async def test_a_cancellation_is_told_to_the_new_code() -> None:
    store = Troubled()
    await parked(store, cleaning, "x")
    async with Engine(store, machines=[called(cleaning_later)]) as engine:
        await engine.cancel("run", by="ann")
        await engine.settle()
        assert (await engine_entry(store)).status == "cancelled"
    assert CALLS == ["clean x"]


async def test_old_and_new_code_share_a_store(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    async with (
        Engine(url, machines=[called(first)]) as worker,
        Engine(url, machines=[called(longer)]) as other,
    ):
        assert (worker.driving, other.driving) == (True, False)
        await worker.start(called(first), "x", id="run")
        await worker.settle()
        await other.send("run", Ping(number=1))
        assert await (await other.get("run")).result() == "x"  # the worker's code decides
        entry = await other.store.entry("run")
        assert entry is not None
        assert entry.hash == called(first).machine.hash
