"""CPU of audits, archives and deploy checks, by the event and the run, against bare reading.

CPU and not time: it says the same on a machine that others use. `INTERLOCK_AUDITED` runs are made.
"""

from __future__ import annotations

import asyncio
import gzip
import importlib.util
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import msgspec

from benchmarks.floors import Report, Timed
from engine.retained import MACHINES, parcel
from interlock.engine import Engine, deploy_check
from interlock.engine.auditing import audit_store
from interlock.machines import Workflow
from interlock.store.open import open_store

RUNS = int(os.environ.get("INTERLOCK_AUDITED", "5000"))
_AT_ONCE = 500

BEFORE = """
from interlock.machines import approval, step, workflow

@step
async def pack(item: str) -> str:
    return item

@workflow
async def parked(item: str) -> str:
    box = await pack(item)
    await approval("manager")
    return box
"""
AFTER = BEFORE.replace("    return box\n", "    return await pack(box)\n")


async def made(engine: Engine, kind: Workflow[[str], str], count: int) -> None:
    """So many runs, each driven until it has nothing to do."""
    for begin in range(0, count, _AT_ONCE):
        numbers = range(begin, min(begin + _AT_ONCE, count))
        await asyncio.gather(*(engine.start(kind, "x", id=f"r-{n}") for n in numbers))
        await engine.settle()


async def cpu(work: Callable[[], Awaitable[object]]) -> float:
    """Seconds of CPU that something takes, in all threads."""
    began = time.process_time()
    await work()
    return time.process_time() - began


def bare(path: Path, look: Callable[[bytes], object]) -> tuple[int, float]:
    """How many events a file has, and the CPU seconds to read and look at each of them."""
    began, count = time.process_time(), 0
    with closing(sqlite3.connect(path)) as database:
        for (state,) in database.execute("SELECT state FROM stored_events ORDER BY rowid"):
            look(state)
            count += 1
    return count, time.process_time() - began


def test_audits_and_archives(timed: Timed, tmp_path: Path, report: Report) -> None:
    path = tmp_path / "s.db"

    async def main() -> tuple[int, float, float, float, float]:
        async with Engine(f"sqlite:///{path}", machines=MACHINES) as engine:
            await made(engine, parcel, RUNS)
            count, read = bare(path, lambda state: sha256(state).digest())
            verified = await cpu(lambda: audit_store(engine.store))
            packed = gzip.compress
            _, bare_gzip = bare(path, lambda state: packed(state, 6, mtime=0))
            archived = await cpu(lambda: engine.archive("0 seconds", tmp_path / "files"))
            return count, read, verified, bare_gzip, archived

    count, read, verified, bare_gzip, archived = timed(lambda: asyncio.run(main()), 1)
    report(
        f"verify: {verified / count * 1e6:.0f} µs of CPU an event ({count:,} events, "
        f"{verified / read:.0f} × reading and hashing them bare)"
    )
    report(
        f"archiving: {archived:.1f} s of CPU for {RUNS:,} runs of 4 events, "
        f"{archived / RUNS * 1e6:.0f} µs a run ({archived / bare_gzip:.1f} × reading and "
        "compressing each event bare)"
    )


def test_deploy_checks(timed: Timed, tmp_path: Path, report: Report) -> None:
    path = tmp_path / "s.db"
    before, after = (
        module(tmp_path, f"shop_{name}", text) for name, text in (("a", BEFORE), ("b", AFTER))
    )

    async def main() -> tuple[int, float, float]:
        async with Engine(f"sqlite:///{path}", machines=[before.parked]) as engine:
            await made(engine, before.parked, RUNS)
        store = open_store(f"sqlite:///{path}", readonly=True)
        count, read = bare(path, msgspec.json.decode)
        checked = await cpu(lambda: deploy_check(store, [after.parked]))
        found = await deploy_check(store, [after.parked])
        assert (found.runs, found.held) == (RUNS, 0)
        await store.close()
        return count, read, checked

    count, read, checked = timed(lambda: asyncio.run(main()), 1)
    report(
        f"deploy-check: {checked:.1f} s of CPU for {RUNS:,} runs in flight, "
        f"{checked / RUNS * 1e6:.0f} µs a run ({count // RUNS} events each; {checked / read:.0f} × "
        "decoding their events bare)"
    )


def module(folder: Path, name: str, text: str) -> ModuleType:
    """A module of this text."""
    file = folder / f"{name}.py"
    file.write_text(text)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made
