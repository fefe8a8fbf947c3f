"""Speed of `each`. Run with `pytest tests/benchmarks --benchmark-only`."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks.floors import Report, Timed, bare_groups, median
from interlock.engine import Engine
from interlock.machines import Retry, Workflow, each, step, workflow
from interlock.projections import fold
from interlock.store.open import open_store


@step
async def nothing(i: int) -> int:
    return i


async def back(i: int) -> None:
    """Undo nothing."""


@step(compensate=back)
async def undoable(i: int) -> int:
    return i


@step(retry=Retry(attempts=1))
async def fail() -> None:
    raise ValueError("undo everything")


async def twice(i: int) -> int:
    return await nothing(await nothing.named("first")(i))


@workflow
async def one(i: int) -> int:
    return await nothing(i)


@workflow
async def every_helper(items: list[int]) -> int:
    return len(await each(twice, items, concurrency=64))


@workflow
async def every_child(items: list[int]) -> int:
    return len(await each(one, items, concurrency=64))


@workflow
async def every_undone(items: list[int]) -> int:
    await each(undoable, items, concurrency=64)
    await fail()
    return 0


@workflow
async def every(items: list[int], concurrency: int) -> int:
    return len(await each(nothing, items, concurrency=concurrency))


async def run_each(url: str, count: int, concurrency: int) -> float:
    """Seconds for an `each` over so many items, every start and outcome in the log."""
    async with Engine(url) as engine:
        warm = await engine.start(every, [1, 2], concurrency, id="warm")
        await warm.result()
        began = time.perf_counter()
        run = await engine.start(every, list(range(count)), concurrency, id="every")
        assert await run.result() == count
        spent = time.perf_counter() - began
        events = [event.type for event in await engine.store.read("every")]
        assert events.count("StepScheduled") == events.count("StepSucceeded") == count
        return spent


@pytest.mark.parametrize("concurrency", [10, 64, 256])
def test_each(timed: Timed, tmp_path: Path, report: Report, concurrency: int) -> None:
    count = 10_000
    times: list[float] = []
    ratios: list[float] = []

    def once() -> None:
        n = len(times)
        floor = bare_groups(tmp_path, count // concurrency, 2 * concurrency)
        url = f"sqlite:///{tmp_path}/{n}.db"
        times.append(asyncio.run(run_each(url, count, concurrency)))
        ratios.append(times[-1] / floor)

    timed(once, 5)
    report(
        f"each over {count} items, {concurrency} at a time: {count / median(times):.0f} items/s "
        f"(best {count / min(times):.0f}, goal 8,000), {median(ratios):.1f} × the time of bare "
        f"inserts, {2 * concurrency} rows a commit"
    )


def test_each_is_linear(timed: Timed, tmp_path: Path, report: Report) -> None:
    best: dict[int, float] = {}
    sizes: dict[int, int] = {}

    def once(count: int) -> None:
        file = tmp_path / f"each-{count}-{time.perf_counter_ns()}.db"
        spent = asyncio.run(run_each(f"sqlite:///{file}", count, 64))
        best[count] = min(best.get(count, spent), spent)
        sizes[count] = file.stat().st_size

    def all_of_them() -> None:
        for count in (2_500, 10_000, 50_000):
            once(count)

    timed(all_of_them, 3)
    small, middle, large = best
    report(
        f"each over 10,000 items takes {best[middle] / best[small]:.2f} × the time and "
        f"{sizes[middle] / sizes[small]:.2f} × the size of 2,500 (linear is 4); over 50,000 "
        f"{best[large]:.1f} s, {best[large] / best[middle]:.2f} × the time and "
        f"{sizes[large] / sizes[middle]:.2f} × the size of 10,000 (linear is 5)"
    )


@pytest.mark.parametrize(
    ("what", "flow"),
    [("helper of two steps", every_helper), ("child", every_child), ("undone step", every_undone)],
)
def test_other_items_are_linear(
    timed: Timed, tmp_path: Path, report: Report, what: str, flow: Workflow[[list[int]], int]
) -> None:
    async def seconds(count: int) -> float:
        url = f"sqlite:///{tmp_path}/{count}-{time.perf_counter_ns()}.db"
        async with Engine(url) as engine:
            began = time.perf_counter()
            run = await engine.start(flow, list(range(count)), id="every")
            with suppress(ValueError):
                await run.result()
            return time.perf_counter() - began

    found: list[tuple[float, float]] = []

    def once() -> None:
        found.append((asyncio.run(seconds(500)), asyncio.run(seconds(2_000))))

    timed(once, 3)
    small, large = (min(times) for times in zip(*found, strict=True))
    report(
        f"each {what}: {large / 2_000 * 1e6:.0f} µs an item of 2,000, "
        f"{large / small:.2f} × the time of 500 (linear is 4)"
    )


def test_memory_of_each(timed: Timed, tmp_path: Path, report: Report) -> None:
    def peak(count: int) -> float:
        tracemalloc.start()
        asyncio.run(run_each(f"sqlite:///{tmp_path}/{count}-memory.db", count, 64))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most / count

    small, large = timed(lambda: (peak(2_500), peak(10_000)), 1)
    report(
        f"each takes at most {large / 1000:.1f} kB of memory an item with 10,000 items, "
        f"{small / 1000:.1f} with 2,500, the whole log that is read at the end included"
    )


def test_loading_a_join(timed: Timed, tmp_path: Path, report: Report) -> None:
    url, count = f"sqlite:///{tmp_path}/join.db", 10_000
    asyncio.run(run_each(url, count, 64))

    async def load() -> tuple[float, float, int]:
        store = open_store(url, readonly=True)
        began = time.perf_counter()
        events = await store.read("every")
        read = time.perf_counter()
        fold(events)
        done = time.perf_counter()
        await store.close()
        return read - began, done - read, len(events)

    found = [timed(lambda: asyncio.run(load()), 1)] + [asyncio.run(load()) for _ in range(6)]
    read, folded, events = min(found)
    report(
        f"a run with a join of {count} items ({events} events) is read in {read * 1000:.0f} ms "
        f"and folded in {folded * 1000:.0f} ms: {events / (read + folded):.0f} events/s"
    )
