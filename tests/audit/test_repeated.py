"""One altered row is one finding, whichever of the audit's looks come to see it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from audit.filled import copied
from audit.looking import look, look_at

ALTERED = [
    ("stored_events", "state = CAST(state AS TEXT)"),
    ("stored_events", "state = replace(state, '{', '[')"),
    ("interlock_entries", "since = 'yesterday'"),
    ("interlock_entries", "status = 'failed'"),
    ("interlock_timers", "due = '2027-01-01T00:00:00+00:00'"),
    ("interlock_definitions", "source = source || ' '"),
    ("interlock_definitions", "ir = replace(ir, 'kind', 'kinx')"),
]
KEYS = {
    "stored_events": ["rowid"],
    "interlock_entries": ["run"],
    "interlock_timers": ["run", "name"],
    "interlock_definitions": ["hash"],
}


@pytest.mark.parametrize(("table", "change"), ALTERED)
def test_an_altered_row_is_told_once(whole: Path, table: str, change: str) -> None:
    path = copied(whole, "repeated.db")
    with closing(sqlite3.connect(path)) as database:
        keys = KEYS[table]
        kept = "WHERE archive = ''" if table == "interlock_entries" else ""
        rows = database.execute(f"SELECT {', '.join(keys)} FROM {table} {kept}").fetchall()
        where = " AND ".join(f"{key} = ?" for key in keys)
        database.execute(f"UPDATE {table} SET {change} WHERE {where}", rows[len(rows) // 2])
        database.commit()
    found = look_at(path).findings.found
    assert [str(one) for one in found[1:]] == []
    assert len(found) == 1
    assert look(whole).sound
