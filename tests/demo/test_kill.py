"""The worker is killed again and again: nothing is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from interlock.demo.errors import DemoError
from interlock.demo.kill import run_killed
from interlock.demo.runner import run_demo
from interlock.demo.summary import Progress
from interlock.engine import Engine
from interlock.store.contract import Filter


async def test_kills_leave_no_trace_in_the_outcome(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/killed.db"
    seen: list[Progress] = []
    report = await run_killed(url, limit=12, latency=0.01, progress=seen.append)
    assert report.kills >= 2
    assert [check for check in report.proof.checks if not check.holds] == []
    assert len(report.proof.checks) == 10
    assert report.doubled == 0
    assert report.summary.orders == 12
    assert report.summary.events == report.proof.events >= seen[-1].events
    assert report.repeated >= report.by_kills >= 0
    assert [p.events for p in seen] == sorted(p.events for p in seen)
    with pytest.raises(DemoError, match="nothing is left"):
        await run_killed(url, limit=12)


async def test_calls_that_end_with_their_process_again_and_again_need_no_person(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/stopped.db"
    for _ in range(7):  # nobody answers within a worker's life
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.4):
                await run_demo(url, limit=2, latency=600)
    summary = await run_demo(url, limit=2, latency=0)
    assert summary.orders == 2
    async with Engine(url, worker=False) as engine:
        found = [entry.status for entry in await engine.store.entries(Filter())]
        assert found
        assert "in doubt" not in found


async def test_a_store_in_memory_cannot_be_killed() -> None:
    with pytest.raises(DemoError, match="memory"):
        await run_killed("memory://")


async def test_a_worker_that_fails_by_itself_is_not_taken_for_killed(tmp_path: Path) -> None:
    (tmp_path / "bad-world.db").write_text("this is not a database, and long enough to show it")
    (tmp_path / "bad.db").mkdir()
    with pytest.raises(Exception, match="bad"):
        await run_killed(f"sqlite:///{tmp_path}/bad.db", limit=3)
