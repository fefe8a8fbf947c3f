"""Audits of stores with archives, with and without their key, and of files that were spoilt."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.retained import MACHINES, fill
from interlock.audit import Audited, check_proof, make_seal, prove, read_proof
from interlock.cli.app import build
from interlock.engine import Engine
from interlock.engine.auditing import audit_store
from interlock.store.open import open_store


async def audited(path: Path, run: str = "", key: bytes | None = None) -> Audited:
    store = open_store(f"sqlite:///{path}", readonly=True, key=key, keyless=key is None)
    try:
        return await audit_store(store, run=run)
    finally:
        await store.close()


async def archived(path: Path, key: bytes | None = None) -> None:
    async with Engine(f"sqlite:///{path}", machines=MACHINES, key=key) as engine:
        await fill(engine, 2)
        await engine.archive("0 seconds", path.parent / "archives")


@pytest.mark.parametrize("run", ["", "asked", "order-1"])
async def test_a_store_with_archives_is_sound_as_a_whole_and_run_by_run(
    tmp_path: Path, run: str
) -> None:
    await archived(tmp_path / "runs.db")
    found = await audited(tmp_path / "runs.db", run)
    assert found.sound, found.findings.found


async def test_archives_of_an_encrypted_store_are_sound_without_its_key(tmp_path: Path) -> None:
    key = b"k" * 32
    await archived(tmp_path / "runs.db", key)
    with_key = await audited(tmp_path / "runs.db", key=key)
    without = await audited(tmp_path / "runs.db")
    assert with_key.sound, with_key.findings.found
    assert without.sound, without.findings.found
    assert without.archived == with_key.archived > 0
    with closing(sqlite3.connect(tmp_path / "runs.db")) as file:
        file.execute("delete from interlock_digests where stream = 'order-1' and version = 2")
        file.commit()
    assert not (await audited(tmp_path / "runs.db")).sound


async def test_archived_events_of_an_encrypted_store_are_proven_without_its_key(
    tmp_path: Path,
) -> None:
    await archived(tmp_path / "runs.db", b"k" * 32)
    store = open_store(f"sqlite:///{tmp_path}/runs.db", readonly=True, keyless=True)
    for index in (*(tmp_path / "archives").glob("*.index.json"), None):
        with store.inspect() as snapshot:  # with the index of the archive, and without
            seal = make_seal(snapshot, [], datetime(2026, 5, 1, tzinfo=UTC))
            assert seal is not None
            proof = prove(snapshot, [seal], "order-1", 2)
        check_proof(read_proof(proof.text()), seals=[seal])
        assert (proof.event.stream, proof.event.version) == ("order-1", 2)
        if index is not None:
            index.unlink()
    await store.close()


async def test_one_run_is_sound_in_an_archive_that_is_damaged_elsewhere(tmp_path: Path) -> None:
    await archived(tmp_path / "runs.db")
    (file,) = (tmp_path / "archives").glob("*.gz")
    file.write_bytes(file.read_bytes()[:-60])
    assert not (await audited(tmp_path / "runs.db")).sound
    for run in ("order-0", "order-1"):
        found = await audited(tmp_path / "runs.db", run)
        assert found.sound, found.findings.found
    file.write_bytes(b"nothing")
    first = (await audited(tmp_path / "runs.db", "order-1")).first
    assert first is not None
    assert (first.stream, first.version) == ("order-1", 1)


SPOILT = {
    "update stored_events set originator_version = 'abc' where rowid = 3": "stored_events",
    "update stored_events set originator_id = x'ff' where rowid = 3": "stored_events",
    "update interlock_entries set version = 'abc' where run = 'asked'": "'asked' in interlock_entr",
    "update interlock_entries set run = x'ff' where run = 'asked'": "in interlock_entries",
    "create trigger evil after insert on stored_events begin select 1; end": "trigger 'evil'",
    "update sqlite_sequence set seq = seq + 5": "are missing from the end of the log",
    "update sqlite_sequence set seq = seq - 5": "positions would be given again",
    "update sqlite_sequence set seq = seq + 0.0": "in sqlite_sequence holds a value of another",
    "drop index interlock_open": "the index 'interlock_open' is missing",
}


@pytest.mark.parametrize("statement", SPOILT)
async def test_what_is_no_value_of_a_store_is_named_and_no_traceback(
    tmp_path: Path, statement: str
) -> None:
    async with Engine(f"sqlite:///{tmp_path}/runs.db", machines=MACHINES) as engine:
        await fill(engine, 1)
    with closing(sqlite3.connect(tmp_path / "runs.db")) as file:
        file.execute(statement)
        file.commit()
    found = await audited(tmp_path / "runs.db")
    assert not found.sound
    assert any(SPOILT[statement] in one.what for one in found.findings.found)


def test_a_proof_or_a_run_and_a_key_without_seals(tmp_path: Path) -> None:
    il = CliRunner()
    both = il.invoke(build(boxes=False), ["verify", "order-1", "--proof", "proof.json"])
    assert both.exit_code == 2
    assert "leave RUN or --proof out" in both.stderr
    with closing(sqlite3.connect(tmp_path / "none.db")):
        pass
    key = ["verify", "--key", str(tmp_path / "key.pub"), "--store", f"sqlite:///{tmp_path}/none.db"]
    assert "no signature is checked" in il.invoke(build(boxes=False), key).stderr
