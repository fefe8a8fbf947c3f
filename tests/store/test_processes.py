"""Processes that are killed and processes that compete: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import pytest

from interlock.store import Event, open_store, verify
from store.processes import spawn

LONG = os.environ.get("INTERLOCK_PROFILE") == "long"
POINTS = ["store.before_begin", "store.before_commit", "store.after_commit"]


def contents(url: str) -> dict[str, list[Event]]:
    """Every stream of a store, each verified against its head; positions have no gap."""

    async def read() -> dict[str, list[Event]]:
        store = open_store(url)
        streams = {row.run: await store.read(row.run) for row in await store.entries()}
        for run, events in streams.items():
            assert verify(events, head=await store.head(run)).version == len(events)
        position = await store.position()
        everything = sorted(event.position for events in streams.values() for event in events)
        assert everything == list(range(1, position + 1))
        await store.close()
        return streams

    return asyncio.run(read())


def lines_until_killed(process: subprocess.Popen[str], most: int) -> list[str]:
    """What a process said, killed after it said `most` lines (or dying by itself before)."""
    lines: list[str] = []
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            if line.endswith("\n"):  # the last line may be cut off by the kill
                lines.append(line)
            if len(lines) == most:
                process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    return lines


@pytest.mark.parametrize("streams", [1, 20, 64])
@pytest.mark.parametrize("point", ["", *POINTS])
def test_what_was_acknowledged_survives_being_killed(
    tmp_path: Path, streams: int, point: str
) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    chance = random.Random(f"{streams} {point}")
    acknowledged: dict[str, list[str]] = defaultdict(list)
    for turn in range(1, 21 if LONG else 4):
        visit = chance.randint(1, 40)
        process = spawn("append", url, streams, point, visit)
        most = 10**6 if point else chance.randint(1, 400)
        for line in lines_until_killed(process, most):
            run, *ids = line.split()
            acknowledged[run] += ids
        stored = {run: [event.id for event in events] for run, events in contents(url).items()}
        for run, ids in acknowledged.items():
            assert set(ids) <= set(stored[run])
        for events in stored.values():
            assert len(events) % 3 == 0
        unheard = sum(len(stored[run]) - len(set(acknowledged[run])) for run in stored)
        assert unheard <= 3 * streams * turn
    with closing(sqlite3.connect(tmp_path / "s.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_processes_that_compete_share_streams_without_a_gap(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    rounds = 400 if LONG else 60
    rivals = [spawn("compete", url, 6, rounds, name) for name in ("one", "other")]
    said = [process.communicate()[0].split("\n") for process in rivals]
    assert [process.returncode for process in rivals] == [0, 0]
    streams = contents(url)
    acknowledged = [
        (run, *pair.split("="))
        for lines in said
        for run, *pairs in (line.split() for line in lines if line)
        for pair in pairs
    ]
    stored = [
        (run, str(event.version), event.id) for run, events in streams.items() for event in events
    ]
    assert sorted(acknowledged) == sorted(stored)
    assert all(lines != [""] for lines in said)


def test_a_follower_sees_the_events_of_other_processes_once_in_order(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    contents(url)  # creates the file
    rounds, streams = (300 if LONG else 50), 4
    follower = spawn("listen", url, streams * rounds)
    assert follower.stdout is not None
    assert follower.stdout.readline() == "listening\n"
    rivals = [spawn("compete", url, streams, rounds, name) for name in ("one", "other")]
    for process in rivals:
        process.communicate()
    log = sorted(
        (event.position, event.id) for events in contents(url).values() for event in events
    )
    seen = [line.split() for line in follower.communicate()[0].splitlines()]
    assert len(seen) >= streams * rounds  # one of the two wins each turn at least
    assert [(int(position), event) for position, event in seen] == log[: len(seen)]


def test_the_worker_role_ends_with_its_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    holder = spawn("work", url)
    assert holder.stdout is not None
    with holder.stdout:
        assert holder.stdout.readline() == "True\n"

        async def scene() -> None:
            store = open_store(url)
            assert not store.acquire_worker()
            holder.send_signal(signal.SIGKILL)
            holder.wait()
            assert store.acquire_worker()
            await store.close()

        asyncio.run(scene())
