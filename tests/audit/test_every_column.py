"""The law of audits, without chance: in every row of every table each column is flipped."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from audit.filled import filled
from audit.looking import TABLES, columns, look_at
from interlock.store.archive import reading, writing
from interlock.store.contract import Entry, Head

LONG = os.environ.get("INTERLOCK_PROFILE") == "long"
"""Then every bit is flipped, but for those of the middle of large values."""

_LARGE = 128


def bits(value: Any, table: str, row: int, name: str) -> Iterator[int]:
    """The bits of a value that are tried, the most telling ones first."""
    count = 62 if isinstance(value, int) else 8 * max(1, len(_bytes(value)))
    if not LONG:
        first = crc32(f"{table} {row} {name}".encode())
        yield from ((first + step) % count for step in range(count))
    elif count <= 8 * _LARGE:
        yield from range(count)
    else:
        yield from (*range(4 * _LARGE), *range(4 * _LARGE, count, 1009))


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else value


def flipped(value: Any, bit: int) -> tuple[Any, str]:
    """A value with one bit changed, and how a statement writes it."""
    if isinstance(value, int):
        return value ^ 1 << bit, "?"
    raw = bytearray(_bytes(value))
    if not raw:
        return "x", "?"
    raw[bit // 8] ^= 1 << bit % 8
    return bytes(raw), "CAST(? AS TEXT)" if isinstance(value, str) else "?"


def rows(path: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table, by column."""
    names = columns(path, table)
    with closing(sqlite3.connect(path)) as database:
        found = database.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall()
    return [dict(zip(names, row, strict=True)) for row in found]


def change(path: Path, table: str, row: dict[str, Any], name: str, bit: int) -> bool:
    """Flip one bit by hand; False where a key is taken, so that no hand can write it."""
    value, how = flipped(row[name], bit)
    key = " AND ".join(f"{column} = ?" for column in row)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous=OFF")
        try:
            statement = f"UPDATE {table} SET {name} = {how} WHERE {key}"
            done = database.execute(statement, (value, *row.values()))
        except sqlite3.IntegrityError:
            return False
        database.commit()
        return done.rowcount == 1


@pytest.mark.parametrize("table", TABLES)
def test_a_flipped_bit_in_any_column_of_any_row_is_reported(whole: Path, table: str) -> None:
    path, sound = whole.with_name("column.db"), whole.read_bytes()
    found = rows(whole, table)
    unseen: list[tuple[str, Any, int]] = []
    tried = set[str]()
    for number, row in enumerate(found):
        for name, value in row.items():
            for bit in bits(value, table, number, name):
                path.write_bytes(sound)
                if not change(path, table, row, name, bit):
                    continue
                tried.add(name)
                if look_at(path).sound:
                    unseen.append((name, value, bit))
                if not LONG:
                    break
    assert not unseen
    assert tried == set(columns(whole, table))


def archived_row(path: Path) -> dict[str, Any]:
    """The row of the index of the run that is in an archive."""
    return next(row for row in rows(path, "interlock_entries") if row["archive"])


def unseen_in(row: dict[str, Any], path: Path) -> list[str]:
    """The columns of a row of the index that can be flipped unseen; of `at` many bits are tried."""
    sound, found = path.read_bytes(), list[str]()
    for name, value in row.items():
        tried = [*bits(value, "interlock_entries", 0, name)]
        for bit in tried[:: 1 if LONG else 7] if name == "at" else tried[:1]:
            path.write_bytes(sound)
            assert change(path, "interlock_entries", row, name, bit)
            if look_at(path).sound:
                found.append(name)
    path.write_bytes(sound)
    return found


def test_the_row_of_an_archived_run_is_vouched_for_also_where_its_archive_is_not(
    whole: Path,
) -> None:
    path = whole.with_name("elsewhere.db")
    path.write_bytes(whole.read_bytes())
    row = archived_row(path)
    archive = Path(row["archive"])
    archive.rename(archive.with_suffix(".away"))
    try:
        assert look_at(path).elsewhere == 1
        assert unseen_in(row, path) == []
    finally:
        archive.with_suffix(".away").rename(archive)


def no_sum(entry: Entry, head: Head) -> str:
    """What older releases recorded of a row."""
    return ""


def test_the_row_of_a_run_that_an_older_release_archived_is_held_against_its_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        for module in (reading, writing):
            older.setattr(module, "sum_of_row", no_sum)
        path = filled(tmp_path / "older.db")
    assert look_at(path).sound
    assert unseen_in(archived_row(path), path) == []


def test_a_snapshot_of_an_older_release_is_sound(whole: Path) -> None:
    path = whole.with_name("snapshot.db")
    path.write_bytes(whole.read_bytes())
    with closing(sqlite3.connect(path)) as database:
        (state,) = database.execute("SELECT state FROM interlock_snapshots").fetchone()
        older = sha256(state[32:]).digest() + state[32:]
        database.execute("UPDATE interlock_snapshots SET fold = '12', state = ?", (older,))
        database.commit()
    assert look_at(path).sound
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE interlock_snapshots SET fold = '13'")
        database.commit()
    assert not look_at(path).sound
