"""Laws of seals: whatever was done to a sealed log by one who can compute digests, is named."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.filled import copied
from interlock.audit import (
    SEALS,
    BadProof,
    BadSeal,
    BrokenSeal,
    Findings,
    Seal,
    check_proof,
    check_seals,
    make_seal,
    new_key,
    prove,
    read_proof,
    read_public,
    read_seals,
    read_signer,
)
from interlock.store import open_store
from interlock.store.digest import digest_of
from interlock.store.inspection import Inspection

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
_fixtures = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@contextmanager
def inspected(path: Path) -> Generator[Inspection]:
    store = open_store(f"sqlite:///{path}", readonly=True)
    try:
        with store.inspect() as snapshot:
            yield snapshot
    finally:
        asyncio.run(store.close())


@pytest.fixture(scope="session")
def seals(whole: Path) -> list[Seal]:
    """Two seals: of an older copy, and of the whole."""
    older = copied(whole, "older.db")
    shorten(older, 20)
    made: list[Seal] = []
    for path in (older, whole):
        with inspected(path) as snapshot:
            seal = make_seal(snapshot, made, NOON)
        assert seal is not None
        made.append(seal)
    return made


def shorten(path: Path, last: int) -> None:
    """Remove the tail of a log, as one who knows how: every table is as it was then."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM stored_events WHERE rowid > ?", (last,))
        database.execute("DELETE FROM interlock_digests WHERE position > ?", (last,))
        database.execute("UPDATE sqlite_sequence SET seq = ?", (last,))
        database.commit()


def positions(path: Path) -> list[int]:
    """Those of the events that are in the log, and not in an archive."""
    with closing(sqlite3.connect(path)) as database:
        return [row[0] for row in database.execute("SELECT rowid FROM stored_events ORDER BY 1")]


def forge(path: Path, position: int, data: random.Random) -> None:
    """Alter an event, and chain anew all that follow it in its stream: every digest fits."""
    with closing(sqlite3.connect(path)) as database:
        stream, version = database.execute(
            "SELECT originator_id, originator_version FROM stored_events WHERE rowid = ?",
            (position,),
        ).fetchone()
        rows = database.execute(
            "SELECT rowid, originator_version, topic, state FROM stored_events"
            " WHERE originator_id = ? AND originator_version >= ? ORDER BY originator_version",
            (stream, version),
        ).fetchall()
        old, new = "", ""
        for rowid, number, topic, state in rows:
            was = digest_of(stream, number, topic, state)
            if number == version:
                state = state.replace(b'"state":"', b'"state":"x%d' % data.randrange(100), 1)
            else:
                state = state.replace(old.encode(), new.encode(), 1)
            old, new = was, digest_of(stream, number, topic, state)
            database.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (state, rowid))
        database.execute("UPDATE interlock_entries SET digest = ? WHERE run = ?", (new, stream))
        database.commit()


def found(path: Path, seals: list[Seal]) -> Findings:
    findings = Findings()
    with inspected(path) as snapshot:
        check_seals(snapshot, seals, findings)
    return findings


def test_a_log_that_nobody_touched_is_as_sealed(whole: Path, seals: list[Seal]) -> None:
    assert found(whole, seals).count == 0
    with inspected(whole) as snapshot:
        assert make_seal(snapshot, seals, NOON) is None


@given(st.floats(0, 1, exclude_max=True), st.randoms(use_true_random=False))
@settings(parent=_fixtures, max_examples=max(10, _fixtures.max_examples // 3))
def test_an_event_that_was_forged_is_named(
    whole: Path, seals: list[Seal], place: float, data: random.Random
) -> None:
    there = positions(whole)
    position = there[int(place * len(there))]
    path = copied(whole, "forged.db")
    forge(path, position, data)
    first = found(path, seals).first
    assert first is not None
    assert first.position == position
    with inspected(path) as snapshot, pytest.raises(BrokenSeal, match="nothing was sealed"):
        make_seal(snapshot, seals, NOON)


@given(st.floats(0, 1, exclude_max=True))
@settings(parent=_fixtures, max_examples=max(10, _fixtures.max_examples // 3))
def test_a_removed_tail_is_named(whole: Path, seals: list[Seal], place: float) -> None:
    kept = int(place * seals[-1].last)
    path = copied(whole, "short.db")
    shorten(path, kept)
    first = found(path, seals).first
    assert first is not None
    assert first.position == kept + 1
    assert "first one missing" in first.what


def test_an_archived_event_that_was_forged_is_named(whole: Path, seals: list[Seal]) -> None:
    path = copied(whole, "archived.db")
    with closing(sqlite3.connect(path)) as database:
        (position,) = database.execute("SELECT MIN(position) FROM interlock_digests").fetchone()
        database.execute("UPDATE interlock_digests SET digest = zeroblob(32)")
        database.commit()
    first = found(path, seals).first
    assert first is not None
    assert (first.stream, first.position) == ("order-3", position)


def test_two_events_that_changed_places_are_named(whole: Path, seals: list[Seal]) -> None:
    path = copied(whole, "swapped.db")
    with closing(sqlite3.connect(path)) as database:
        for old, new in ((3, -1), (9, 3), (-1, 9)):
            database.execute("UPDATE stored_events SET rowid = ? WHERE rowid = ?", (new, old))
        database.commit()
    first = found(path, seals).first
    assert first is not None
    assert first.position == 3


def test_another_log_is_told_from_the_sealed_one(
    whole: Path, seals: list[Seal], tmp_path: Path
) -> None:
    from audit.filled import filled

    findings = found(filled(tmp_path / "other.db"), seals)
    assert "another database" in findings.found[0].what
    assert findings.first is not None
    assert findings.first.position == 1
    assert "another log" in findings.first.what


def test_a_definition_that_was_altered_is_named(whole: Path, seals: list[Seal]) -> None:
    path = copied(whole, "defined.db")
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE interlock_definitions SET source = source || ' '")
        database.commit()
    assert all("definition" in one.what for one in found(path, seals).found)
    assert found(path, seals).count


@given(st.integers(0, 1 << 30), st.integers(0, 7))
@settings(parent=_fixtures)
def test_a_seal_that_was_altered_is_found_out(
    whole: Path, seals: list[Seal], place: int, bit: int
) -> None:
    raw = bytearray("".join(seal.line() for seal in seals).encode())
    raw[place % len(raw)] ^= 1 << bit
    try:
        read = read_seals(raw.decode())
    except (BadSeal, UnicodeDecodeError):
        return
    again = "".join(seal.line() for seal in read)
    if again != "".join(seal.line() for seal in seals):  # else it was white space
        assert found(whole, read).count


def test_seals_are_signed(whole: Path, tmp_path: Path) -> None:
    public = new_key(tmp_path / "seal.key")
    assert (tmp_path / "seal.key").stat().st_mode & 0o077 == 0
    assert read_public(tmp_path / "seal.key.pub") == read_public(tmp_path / "seal.key") == public
    with inspected(whole) as snapshot:
        seal = make_seal(snapshot, [], NOON, read_signer(tmp_path / "seal.key"))
        assert seal is not None
        findings = Findings()
        check_seals(snapshot, [seal], findings, public)
        assert findings.count == 0
        check_seals(snapshot, [seal], findings, "00" * 32)
        assert "not with key 0000" in findings.found[0].what
        assert findings.only(SEALS)
        forged = msgspec.structs.replace(seal, at="2026-05-01T12:00:01Z").ended()
        findings = Findings()
        check_seals(snapshot, read_seals(forged.line()), findings, public)
        assert "its signature does not fit" in findings.found[0].what


@given(st.data())
@settings(parent=_fixtures, max_examples=max(10, _fixtures.max_examples // 3))
def test_every_event_can_be_proven_and_no_other(
    whole: Path, seals: list[Seal], data: st.DataObject
) -> None:
    position = data.draw(st.sampled_from(positions(whole)))
    with inspected(whole) as snapshot:
        (one, *_) = snapshot.digests(position - 1)
        proof = prove(snapshot, seals, one.stream, one.version)
    assert proof.event.digest == one.digest
    check_proof(read_proof(proof.text()), seals=seals)
    raw = bytearray(proof.text().encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        read = read_proof(raw.decode())
    except (BadProof, UnicodeDecodeError):
        return
    if read != proof:
        with pytest.raises(BadProof):
            check_proof(read, seals=seals)


def test_what_is_not_sealed_cannot_be_proven(whole: Path, seals: list[Seal]) -> None:
    with inspected(whole) as snapshot:
        last = [*snapshot.digests()][-1]
        with pytest.raises(BadProof, match="seal the log first"):
            prove(snapshot, seals[:1], last.stream, last.version)
        with pytest.raises(BadProof, match="no event 99"):
            prove(snapshot, seals, last.stream, 99)
    assert sha256(seals[1].said()).hexdigest() == seals[1].digest
