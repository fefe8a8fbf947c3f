"""The law of audits: nothing of a store changes unseen. Bits: see `test_every_column`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.filled import copied
from audit.looking import TABLES, columns, dump, look
from interlock.store import InterlockError

CLAIMS = [table for table in TABLES if table != "interlock_snapshots"]  # which are a cache
_fixtures = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_a_store_that_nobody_touched_is_sound(whole: Path) -> None:
    found = look(whole)
    assert found.sound, found.findings.found
    assert found.streams > 10
    with closing(sqlite3.connect(whole)) as database:
        for table in TABLES:  # else the laws below say nothing
            assert database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0], table


def change(path: Path, statement: str, *values: object) -> bool:
    """Whether a hand could change a file in this way; a key that is taken cannot be written."""
    with closing(sqlite3.connect(path)) as database:
        try:
            done = database.execute(statement, values)
        except sqlite3.IntegrityError:
            return False
        database.commit()
        return done.rowcount > 0


def reported(path: Path) -> bool:
    """Whether an audit finds something, or the file cannot even be opened."""
    try:
        return not look(path).sound
    except InterlockError:
        return True


def key_of(path: Path, table: str, row: int) -> tuple[str, dict[str, Any]]:
    """A condition that names one row, and the row."""
    names = columns(path, table)
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall()
    found = dict(zip(names, rows[row % len(rows)], strict=True))
    return " AND ".join(f"{name} = ?" for name in names), found


@given(table=st.sampled_from(CLAIMS), row=st.integers(0, 10_000))
@settings(parent=_fixtures)
def test_any_deleted_row_is_reported(whole: Path, table: str, row: int) -> None:
    path = copied(whole, "deleted.db")
    key, values = key_of(path, table, row)
    assert change(path, f"DELETE FROM {table} WHERE {key}", *values.values())
    assert reported(path), values


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(parent=_fixtures)
def test_any_flipped_bit_of_the_file_is_reported_where_it_matters(
    whole: Path, place: float, bit: int
) -> None:
    raw = bytearray(whole.read_bytes())
    raw[int(place * len(raw))] ^= 1 << bit
    path = whole.with_name("raw.db")
    path.write_bytes(raw)
    try:
        same = dump(path, whole) == dump(whole, whole)
    except (sqlite3.Error, UnicodeDecodeError):
        same = False
    if not same:  # else it is in a page that holds nothing
        assert reported(path)


@given(
    table=st.sampled_from([table for table in TABLES if table != "sqlite_sequence"]),
    one=st.integers(0, 10_000),
    other=st.integers(0, 10_000),
    column=st.integers(0, 20),
)
@settings(parent=_fixtures)
def test_any_two_values_that_changed_places_are_reported(
    whole: Path, table: str, one: int, other: int, column: int
) -> None:
    """But for the positions of two streams' events, which only a seal can tell."""
    path = copied(whole, "swapped.db")
    (key, first), (_, second) = key_of(path, table, one), key_of(path, table, other)
    names = [*first]
    name = names[column % len(names)]
    if first[name] == second[name] or name in ("rowid", "position"):
        return
    changed = [first | {name: second[name]}, second | {name: first[name]}]
    marks = ", ".join("?" * len(names))
    with closing(sqlite3.connect(path)) as database:
        try:
            for row in (first, second):
                database.execute(f"DELETE FROM {table} WHERE {key}", [*row.values()])
            for row in changed:
                database.execute(f"INSERT INTO {table} VALUES ({marks})", [*row.values()])
        except sqlite3.IntegrityError:
            return
        database.commit()
    assert reported(path), (name, first, second)


@given(row=st.integers(0, 10_000), after=st.integers(0, 10_000))
@settings(parent=_fixtures, max_examples=max(10, _fixtures.max_examples // 3))
def test_an_event_that_is_there_again_is_reported(whole: Path, row: int, after: int) -> None:
    """At the end of any stream, with the version and the position that come next."""
    path = copied(whole, "again.db")
    _, copy = key_of(path, "stored_events", row)
    _, last = key_of(path, "stored_events", after)
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "INSERT INTO stored_events (originator_id, originator_version, topic, state)"
            " SELECT originator_id, MAX(originator_version) + 1, ?, ? FROM stored_events"
            " WHERE originator_id = ?",
            (copy["topic"], copy["state"], last["originator_id"]),
        )
        database.commit()
    assert reported(path)


def test_a_name_in_the_schema_that_is_no_text_is_reported(whole: Path) -> None:
    raw = bytearray(whole.read_bytes())
    name = raw.index(b"CREATE TABLE")
    raw[name + 7] ^= 1 << 7  # `CREATE` itself says what the row is
    path = whole.with_name("schema.db")
    path.write_bytes(raw)
    assert reported(path)
