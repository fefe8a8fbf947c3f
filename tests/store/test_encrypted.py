"""Stores encrypted as a whole: no body is readable; chains are checked all the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from interlock.audit import audit
from interlock.engine.auditing import read_definition
from interlock.store import (
    BrokenChain,
    Commit,
    Draft,
    Entry,
    Head,
    ManualClock,
    Store,
    open_store,
    verify,
)
from interlock.store.cipher import (
    Cipher,
    bytes_of,
    cipher_of,
    forget_all,
    new_key,
    read_key,
    unseal,
)
from interlock.store.event import Actor
from interlock.store.secrecy import BadKey, KeyRequired, NotEncrypted, WrongKey
from interlock.store.snapshot import Snapshot
from interlock.store.vocabulary import CommandReceived
from store.personal_kit import found_in

AT = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = "nobody else's business"
KEPT = sha256(TEXT.encode()).digest() + TEXT.encode()


def commit(head: Head, run: str = "r-1") -> Commit:
    entry = Entry(run, "m", "", "s", "running", AT, "", "", AT)
    body = CommandReceived("Say", {"text": TEXT})
    return Commit(head, entry, [Draft(body, "s", Actor("user", "ann"))], AT, run)


async def filled(url: str, key: str) -> None:
    store = open_store(url, key=key)
    head = Head()
    for _ in range(3):
        head = (await store.append(commit(head))).head
    await store.keep_snapshot(Snapshot("r-1", 3, head.digest, "", "1", KEPT))
    await store.close()


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_what_is_appended_is_read_again(tmp_path: Path, kind: str) -> None:
    url = "memory://" if kind == "memory" else f"sqlite:///{tmp_path}/x.db"
    store: Store = open_store(url, key=new_key(), clock=ManualClock())
    first = await store.append(commit(Head()))
    second = await store.append(commit(first.head))
    events = await store.read("r-1")
    assert tuple(events) == first.events + second.events
    assert verify(events, head=await store.head("r-1")) == second.head
    assert events[0].body == CommandReceived("Say", {"text": TEXT})
    assert [d.digest for d in await store.digests()] == [e.digest for e in events]
    await store.close()


async def test_nothing_of_a_body_is_in_the_files(tmp_path: Path) -> None:
    key = new_key()
    url = f"sqlite:///{tmp_path}/x.db"
    await filled(url, key)
    assert found_in(tmp_path, TEXT, "ann") == []
    store = open_store(url, key=key)
    kept = await store.snapshot("r-1", fold="1")
    assert kept is not None
    assert kept.state == KEPT
    await store.close()


async def test_a_store_is_opened_with_its_key_alone(tmp_path: Path) -> None:
    url, plain = f"sqlite:///{tmp_path}/x.db", f"sqlite:///{tmp_path}/plain.db"
    await filled(url, new_key())
    await filled(plain, "")
    for readonly in (False, True):
        with pytest.raises(WrongKey):
            open_store(url, key=new_key(), readonly=readonly)
        with pytest.raises(KeyRequired, match="INTERLOCK_KEY"):
            open_store(url, key="", readonly=readonly)
        with pytest.raises(NotEncrypted, match="is not encrypted"):
            open_store(plain, key=new_key(), readonly=readonly)
    for bad in ("abc", "x" * 64, b"short", new_key()[:-4]):
        with pytest.raises(BadKey):
            open_store(url, key=bad)


async def test_the_environment_names_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, url = new_key(), f"sqlite:///{tmp_path}/x.db"
    monkeypatch.setenv("INTERLOCK_KEY", key)
    await open_store(url).close()
    monkeypatch.delenv("INTERLOCK_KEY")
    with pytest.raises(KeyRequired):
        open_store(url)
    file = tmp_path / "store.key"
    for held in (key.encode() + b"\n", bytes_of(key), bytes_of(key).hex().encode()):
        file.write_bytes(held)
        assert Cipher(bytes_of(read_key(file))).id == Cipher(bytes_of(key)).id
    monkeypatch.setenv("INTERLOCK_KEY_FILE", str(file))
    await open_store(url).close()
    file.unlink()
    with pytest.raises(BadKey, match="cannot be read"):
        open_store(url)


async def test_without_the_key_chains_are_checked_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    await filled(f"sqlite:///{path}", new_key())
    forget_all()
    for altered in (False, True):
        store = open_store(f"sqlite:///{path}", key="", keyless=True, readonly=True)
        with store.inspect() as snapshot:
            found = audit(snapshot, read_definition)
        assert (found.locked, found.sound) == (3, not altered), found.findings.found
        with pytest.raises(KeyRequired):
            await store.read("r-1")
        await store.close()
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(
                'UPDATE stored_events SET state = replace(state, \'"sealed":"\', '
                '\'"sealed":"AAAA\') WHERE originator_version = 2'
            )
            database.execute("UPDATE stored_events SET state = CAST(state AS BLOB)")
    assert "event 2 of 'r-1' was altered" in str(found.findings.found[0])


async def test_an_event_that_was_altered_or_moved_is_not_read(tmp_path: Path) -> None:
    key, path = new_key(), tmp_path / "x.db"
    await filled(f"sqlite:///{path}", key)
    with closing(sqlite3.connect(path)) as database, database:
        (state,) = database.execute(
            "SELECT state FROM stored_events WHERE originator_version = 1"
        ).fetchone()
        database.execute("UPDATE stored_events SET state=? WHERE originator_version=2", (state,))
    store = open_store(f"sqlite:///{path}", key=key)
    with pytest.raises(BrokenChain, match="cannot be decrypted"):
        await store.read("r-1")
    await store.close()
    cipher = cipher_of(key)
    assert cipher is not None
    sealed = cipher.seal("here", "p", b"text")
    assert unseal("here", sealed) == (cipher.id, b"text")
    assert cipher.seal("here", "p", b"text") == sealed
    with pytest.raises(ValueError, match="moved"):
        unseal("there", sealed)
