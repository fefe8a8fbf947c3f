"""Speed of the main job. Run with `pytest tests/benchmarks --benchmark-only`."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
import tracemalloc
from decimal import Decimal
from pathlib import Path

import pytest

from benchmarks.floors import Report, Timed, bare_commits, mean, median
from benchmarks.loads import run_all, run_apart
from interlock.engine import Engine
from interlock.machines import approval, step, workflow
from interlock.projections import fold
from interlock.store.open import open_store


@step
async def look(item: dict[str, object]) -> dict[str, object]:
    return {"seen": item["id"], "ok": True}


@workflow
async def collect(items: list[dict[str, object]]) -> int:
    results: list[dict[str, object]] = []
    for item in items:
        results.append(await look(item))  # noqa: PERF401  the list grows by patches
    return len(results)


@workflow
async def parked(amount: Decimal) -> bool:
    decision = await approval("manager", about=amount)
    return decision.granted


def test_one_run_at_a_time(timed: Timed, tmp_path: Path, report: Report) -> None:
    ratios: list[float] = []
    costs: list[float] = []

    def once() -> None:
        n = len(ratios)
        before = bare_commits(tmp_path, 500)
        cost = run_apart(f"sqlite:///{tmp_path}/{n}.db", 1, 500) / 501
        floor = mean(before + bare_commits(tmp_path, 500))
        ratios.append(cost / floor)
        costs.append(cost)

    timed(once, 5)
    report(
        f"one run at a time: a durable step costs {median(costs) * 1e6:.0f} µs, "
        f"{median(ratios):.2f} × a bare committed insert (goal 1.5)"
    )


def test_64_runs_in_flight(timed: Timed, tmp_path: Path, report: Report) -> None:
    rates: list[float] = []
    ratios: list[float] = []

    def once() -> None:
        n = len(rates)
        floor = 1 / median(bare_commits(tmp_path, 500))
        rate = 12_800 / run_apart(f"sqlite:///{tmp_path}/{n}.db", 1280, 10)
        rates.append(rate)
        ratios.append(rate / floor)

    timed(once, 5)
    report(
        f"64 runs in flight, 10 steps each: {median(rates):.0f} durable steps/s (goal 10,000), "
        f"{median(ratios):.1f} × the rate of bare commits one at a time"
    )


def test_folding(timed: Timed, tmp_path: Path, report: Report) -> None:
    url = f"sqlite:///{tmp_path}/fold.db"
    asyncio.run(run_all(url, 1, 5000))

    async def resume(run: str, times: int) -> tuple[float, int]:
        store = open_store(url, readonly=True)
        best, events = 9e9, 0
        for _ in range(times):
            began = time.perf_counter()
            stored = await store.read(run)
            fold(stored)
            best = min(best, time.perf_counter() - began)
            events = len(stored)
        await store.close()
        return best, events

    seconds, events = timed(lambda: asyncio.run(resume("run-0", 5)), 3)
    report(f"folding a stored run: {events / seconds:.0f} events/s (goal 150,000)")


def test_resuming_a_run_of_1000_events(timed: Timed, tmp_path: Path, report: Report) -> None:
    url = f"sqlite:///{tmp_path}/resume.db"
    asyncio.run(run_all(url, 1, 500))

    async def resume() -> float:
        store = open_store(url, readonly=True)
        began = time.perf_counter()
        state = fold(await store.read("run-0"))
        assert state.head.version > 1000
        spent = time.perf_counter() - began
        await store.close()
        return spent

    seconds = timed(lambda: asyncio.run(resume()), 5)
    report(f"a run of 1,000 events is loaded in {seconds * 1000:.1f} ms (goal 20)")


def test_a_loop_over_recorded_items_is_linear(timed: Timed, tmp_path: Path, report: Report) -> None:
    def loop(count: int) -> tuple[float, int]:
        file = tmp_path / f"loop-{count}-{time.perf_counter_ns()}.db"

        async def main() -> float:
            async with Engine(f"sqlite:///{file}") as engine:
                items: list[dict[str, object]] = [{"id": i} for i in range(count)]
                began = time.perf_counter()
                run = await engine.start(collect, items, id="loop")
                assert await run.result() == count
                return time.perf_counter() - began

        return asyncio.run(main()), file.stat().st_size

    def both() -> tuple[tuple[float, int], tuple[float, int]]:
        return loop(2500), loop(10_000)

    (t1, s1), (t4, s4) = timed(both, 1)
    report(
        f"a loop over 10,000 recorded items: {t4:.1f} s and {s4 / 1e6:.1f} MB, "
        f"{t4 / t1:.2f} × the time and {s4 / s1:.2f} × the size of 2,500 (linear is 4)"
    )


def test_parked_runs(timed: Timed, tmp_path: Path, report: Report) -> None:
    async def park(count: int) -> float:
        async with Engine(f"sqlite:///{tmp_path}/parked.db") as engine:
            await engine.start(parked, Decimal(1), id="warm")
            await engine.settle()
            tracemalloc.start()
            before = tracemalloc.get_traced_memory()[0]
            for i in range(count):
                await engine.start(parked, Decimal(i), id=f"run-{i}")
            await engine.settle()
            gc.collect()
            used = tracemalloc.get_traced_memory()[0] - before
            tracemalloc.stop()
            return used / count

    each = timed(lambda: asyncio.run(park(2000)), 1)
    report(f"an idle parked run takes {each:.0f} bytes of memory (goal 1,024)")


@pytest.mark.parametrize("module", ["interlock.machines"])
def test_import_time(timed: Timed, report: Report, module: str) -> None:
    def seconds(code: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - began

    def once() -> tuple[float, float]:
        return seconds(f"import {module}"), seconds("pass")

    pairs = [timed(once, 1)] + [once() for _ in range(6)]
    spent = median([with_ - without for with_, without in pairs])
    report(f"import {module}: {spent * 1000:.0f} ms more than an empty interpreter (goal 150)")
