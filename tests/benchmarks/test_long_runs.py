"""Speed of long runs, archives and backups. Run with `pytest tests/benchmarks --benchmark-only`."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from benchmarks.floors import Report, Timed
from engine.long_runs import Add, counting, lengthen
from engine.retained import MACHINES, parcel
from interlock.engine import Engine
from interlock.projections import find_state
from interlock.store.open import open_store

EVENTS = int(os.environ.get("INTERLOCK_LONG_RUN", "1000000"))
RUNS = 2_000


def test_a_run_of_a_million_events_is_resumed(timed: Timed, tmp_path: Path, report: Report) -> None:
    url = f"sqlite:///{tmp_path}/long.db"

    async def build() -> None:
        store = open_store(url)
        async with Engine(store, worker=False) as engine:
            await engine.start(counting, 5, id="r")
        await lengthen(store, "r", EVENTS // 5)
        await store.close()

    async def resume() -> tuple[float, float]:
        """Seconds from opening the database until the run has taken a command and waits again.

        Those that passed, and those of CPU.
        """
        began, used = time.perf_counter(), time.process_time()
        async with Engine(url, machines=[counting]) as engine:
            await engine.send("r", Add(amount=1))
            await engine.settle()
            return time.perf_counter() - began, time.process_time() - used

    async def look_back() -> float:
        store = open_store(url, readonly=True)
        began = time.perf_counter()
        await find_state(store, "r", upto=EVENTS // 2 + 4_321)
        took = time.perf_counter() - began
        await store.close()
        return took

    asyncio.run(build())
    first, _ = asyncio.run(resume())
    later, used = min(timed(lambda: asyncio.run(resume()), 1) if n == 0 else asyncio.run(resume())
                for n in range(3))  # fmt: skip
    back = asyncio.run(look_back())
    report(
        f"a run of {EVENTS:,} events is resumed in {later * 1000:.0f} ms, {used * 1000:.0f} of CPU "
        f"(without a snapshot {first:.1f} s), and opened in its middle in {back * 1000:.0f} ms "
        "(goal 1,000)"
    )


def test_runs_are_archived(timed: Timed, tmp_path: Path, report: Report) -> None:
    async def main() -> tuple[float, float, float]:
        async with Engine(f"sqlite:///{tmp_path}/s.db", machines=MACHINES) as engine:
            starts = (engine.start(parcel, "x", id=f"r-{n}") for n in range(RUNS))
            runs = await asyncio.gather(*starts)
            await asyncio.gather(*(run.result() for run in runs))
            began = time.perf_counter()
            await engine.backup(tmp_path / "copy.db")
            copied = time.perf_counter()
            done = await engine.archive("0 seconds", tmp_path / "files")
            archived = time.perf_counter()
            for file in done.files:
                await engine.restore(file.path)
            assert len(done.runs) == RUNS
            return copied - began, archived - copied, time.perf_counter() - archived

    copied, archived, restored = timed(lambda: asyncio.run(main()), 1)
    size = (tmp_path / "copy.db").stat().st_size
    report(
        f"{RUNS / archived:.0f} runs of 4 events archived a second, {RUNS / restored:.0f} restored;"
        f" a backup of {size / 1e6:.0f} MB takes {copied:.2f} s"
    )
