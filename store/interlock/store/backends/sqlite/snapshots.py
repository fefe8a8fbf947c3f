"""The table of snapshots."""

from __future__ import annotations

from interlock.store.backends.sqlite.transaction import Transaction
from interlock.store.snapshot import Snapshot, spare


def keep(transaction: Transaction, snapshot: Snapshot) -> None:
    """Write a snapshot, and delete those that are not needed beside it."""
    values = (
        snapshot.run,
        snapshot.version,
        snapshot.digest,
        snapshot.hash,
        snapshot.fold,
        snapshot.state,
    )
    with transaction.own() as cursor:
        cursor.execute("DELETE FROM interlock_snapshots WHERE run=? AND fold<>?", values[::4])
        cursor.execute("INSERT OR REPLACE INTO interlock_snapshots VALUES (?,?,?,?,?,?)", values)
        found = cursor.execute(
            "SELECT version FROM interlock_snapshots WHERE run=? ORDER BY version", values[:1]
        ).fetchall()
        gone = [(snapshot.run, version) for version in spare([version for (version,) in found])]
        cursor.executemany("DELETE FROM interlock_snapshots WHERE run=? AND version=?", gone)


def drop(transaction: Transaction, run: str | None) -> None:
    """Delete those of one stream, or all."""
    if run is None:
        transaction.run(("DELETE FROM interlock_snapshots", ()))
    else:
        transaction.run(("DELETE FROM interlock_snapshots WHERE run=?", (run,)))
