"""Events of archived runs: marked, replaced by their digests, and put back."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from interlock.store.backends.sqlite.queries import Queries
from interlock.store.backends.sqlite.recorder import EVENTS
from interlock.store.backends.sqlite.transaction import Transaction
from interlock.store.contract import Appended, Head
from interlock.store.digest import digest_of
from interlock.store.errors import BadArchive, Conflict
from interlock.store.inspection import Raw
from interlock.store.order import sort_key
from interlock.store.prepared import Prepared


def archive(
    transaction: Transaction, prepared: Prepared, runs: Mapping[str, Head], file: str
) -> Appended:
    """Append a commit and mark runs as moved to a file; see the contract."""

    def mark(cursor: sqlite3.Cursor) -> None:
        for run, head in runs.items():
            cursor.execute(
                "UPDATE interlock_entries SET archive=? WHERE sort=? AND run=? AND version=? "
                "AND digest=? AND open=0 AND archive=''",
                (file, sort_key(run), run, head.version, head.digest),
            )
            if cursor.rowcount != 1:
                raise Conflict(run, head.version)
        named = [(run,) for run in runs]
        cursor.executemany("DELETE FROM interlock_snapshots WHERE run=?", named)

    return transaction.commit_with(prepared, mark)


def sweep(queries: Queries, transaction: Transaction, runs: Sequence[str], limit: int) -> int:
    """Replace some events of archived runs by their digests; how many."""
    rows = queries.swept(runs, limit)
    if not rows:
        return 0
    digests = [(r.position, r.stream, r.version, bytes.fromhex(digest_of(*r[:4]))) for r in rows]
    marked = "SELECT 1 FROM interlock_entries WHERE sort=? AND run=? AND archive<>''"
    with transaction.own() as cursor:
        for run in {row.stream for row in rows}:
            if cursor.execute(marked, (sort_key(run), run)).fetchone() is None:
                return 0  # somebody has restored it meanwhile
        cursor.executemany("INSERT OR REPLACE INTO interlock_digests VALUES (?,?,?,?)", digests)
        gone = [(row.position,) for row in rows]
        cursor.executemany(f"DELETE FROM {EVENTS} WHERE rowid=?", gone)
    return len(rows)


def put_back(transaction: Transaction, rows: Sequence[Raw]) -> None:
    """Put events in the place of their digests."""
    with transaction.own() as cursor:
        for row in rows:
            digest = bytes.fromhex(digest_of(*row[:4]))
            cursor.execute(
                "DELETE FROM interlock_digests "
                "WHERE position=? AND stream=? AND version=? AND digest=?",
                (row.position, row.stream, row.version, digest),
            )
            if cursor.rowcount == 1:
                cursor.execute(
                    f"INSERT INTO {EVENTS} "
                    "(originator_id, originator_version, topic, state, rowid) VALUES (?,?,?,?,?)",
                    row,
                )
            elif not _is_there(cursor, row):
                message = f"event {row.version} of {row.stream!r} is not the one that was archived"
                raise BadArchive(message)


def _is_there(cursor: sqlite3.Cursor, row: Raw) -> bool:
    found = cursor.execute(
        "SELECT originator_id, originator_version, topic, state, rowid "
        f"FROM {EVENTS} WHERE rowid=?",
        (row.position,),
    ).fetchone()
    return bool(found == tuple(row))


def unarchive(
    transaction: Transaction, prepared: Prepared, runs: Sequence[str], told: Sequence[Prepared]
) -> Appended:
    """Append a commit and mark runs as being here again; see the contract."""

    def mark(cursor: sqlite3.Cursor) -> None:
        for run in runs:
            cursor.execute(
                "UPDATE interlock_entries SET archive='' WHERE sort=? AND run=? AND version="
                f"(SELECT COUNT(*) FROM {EVENTS} WHERE originator_id=?)",
                (sort_key(run), run, run),
            )
            if cursor.rowcount != 1:
                raise Conflict(run, 0)

    return transaction.commit_with(prepared, mark, told)
