"""Archives beside what else happens to runs: forks, personal data, encrypted stores."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engine.long_runs import Add, counting
from engine.retained import MACHINES, asked
from interlock.audit import audit
from interlock.engine import Engine
from interlock.engine.auditing import read_definition
from interlock.store import open_store
from interlock.store.cipher import new_key
from interlock.store.retention import ARCHIVE

NEEDLE = "a-very-secret-piano"


async def test_what_a_fork_may_be_answered_by_stays(tmp_path: Path) -> None:
    async with Engine(f"sqlite:///{tmp_path}/s.db", machines=MACHINES) as engine:
        run = await engine.start(asked, "pen", id="asked")
        await engine.settle()
        await engine.approve(run, "manager", by="ann")
        assert await run.result() is True
        fork = await engine.fork("asked", at=2, id="fork", effects="live")
        await engine.settle()
        assert await fork.status() not in ("completed", "failed")
        assert (await engine.archive("0 seconds", tmp_path, dry_run=True)).runs == []
        assert (await engine.archive("0 seconds", tmp_path)).runs == []
        await engine.approve(fork, "manager", by="ann")
        assert await fork.result() is True
        await engine.settle()
        done = await engine.archive("0 seconds", tmp_path)
        assert {"asked", "fork"} <= set(done.runs)
        await engine.restore("asked")
        with engine.store.inspect() as seen:
            assert audit(seen, read_definition).findings.found == []


async def test_nothing_of_an_encrypted_store_is_in_the_clear(tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    key, folder = new_key(), tmp_path / "files"
    store = open_store(f"sqlite:///{tmp_path}/s.db", key=key)
    async with Engine(store, machines=[*MACHINES, counting]) as engine:
        run = await engine.start(asked, NEEDLE, id="asked")
        await engine.settle()
        await engine.approve(run, "manager", by="ann")
        await run.result()
        before = (await run.history()).events
        await engine.archive("0 seconds", folder)
        await engine.backup(folder / "copy.db")
        await engine.restore("asked")
        assert (await run.history()).events == before
        assert len(await engine.store.read(ARCHIVE)) == 2
        with engine.store.inspect() as seen:
            assert audit(seen, read_definition).findings.found == []
            assert all(row.state.startswith(b'{"cipher":') for row in seen.rows())
        await engine.start(counting, 1, id="long")
        for _ in range(101):
            await engine.send("long", Add(amount=1))
            await engine.settle()
        assert await engine.store.snapshot("long", fold="none") is None
    await store.close()
    assert len(contents(tmp_path)) > 3
    assert not [name for name, held in contents(tmp_path).items() if NEEDLE.encode() in held]


def contents(folder: Path) -> dict[str, bytes]:
    """What the files in and below a folder hold, decompressed."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {
        file.name: gzip.decompress(raw) if file.suffix == ".gz" else raw
        for file in files
        for raw in (file.read_bytes(),)
    }
