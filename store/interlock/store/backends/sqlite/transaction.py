"""One transaction for many commits: each is placed or refused by itself, in one flush."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TypeAlias

from eventsourcing.sqlite import SQLiteCursor

from interlock.store import crash
from interlock.store.backends.sqlite.errors import is_busy, is_disk, translate
from interlock.store.backends.sqlite.recorder import EVENTS, Recorder
from interlock.store.backends.sqlite.rows import (
    VALUES,
    entry_row,
    instant,
    is_open,
    is_plain,
    move_of,
)
from interlock.store.backends.sqlite.together import NEWEST, Texts, Together
from interlock.store.clock import stopwatch
from interlock.store.contract import Appended
from interlock.store.errors import (
    Conflict,
    DuplicateCommand,
    RunArchived,
    StoreError,
    Unrecordable,
)
from interlock.store.event import Event
from interlock.store.order import sort_key
from interlock.store.prepared import Prepared, Row

Outcome: TypeAlias = "Appended | StoreError"

_SET = ", ".join(f"{name}=?" for name in VALUES)
_FENCE = "WHERE sort=? AND run=? AND version=? AND digest=? AND archive=''"
# The first leaves `open` out of SET, so that its index is not rewritten by every commit.
_STAY = f"UPDATE interlock_entries SET {_SET} {_FENCE} AND open=1"
_MOVE = f"UPDATE interlock_entries SET {_SET}, open=? {_FENCE}"
_CREATE = (
    f"INSERT OR IGNORE INTO interlock_entries ({', '.join(VALUES)}, sort, run, open) "
    f"VALUES ({','.join('?' * (len(VALUES) + 3))})"
)

PATIENCE = 10.0
"""Seconds that a commit waits for another process to release the file."""


def _kind(prepared: Prepared) -> str:
    """What a commit does to its row, or "more" if it writes something else as well."""
    return move_of(prepared.commit) if is_plain(prepared.commit) else "more"


def _groups(batch: Sequence[Prepared]) -> Iterable[tuple[str, list[Prepared]]]:
    """The batch by kind: neighbours, or all of one where every stream's own order allows it."""
    if len({prepared.stream for prepared in batch}) < len(batch):
        return [(kind, [*members]) for kind, members in groupby(batch, _kind)]
    groups: dict[str, list[Prepared]] = {}
    for prepared in batch:
        groups.setdefault(_kind(prepared), []).append(prepared)
    return groups.items()


def _move_row(prepared: Prepared) -> tuple[str | int, ...]:
    row, head = entry_row(prepared), prepared.commit.head
    return (*row[:-2], is_open(prepared.commit.entry), *row[-2:], head.version, head.digest)


def _stay_row(prepared: Prepared) -> tuple[str | int, ...]:
    head = prepared.commit.head
    return (*entry_row(prepared), head.version, head.digest)


class Transaction:
    """Writes batches of commits through one connection. Used by one thread at a time.

    Attributes:
        flush_took: seconds of the last `COMMIT` by `commit`.
    """

    def __init__(self, connection: sqlite3.Connection, recorder: Recorder, path: str) -> None:
        self._connection = connection
        self._recorder = recorder
        self._path = path
        self._cursor = connection.cursor()
        self._library_cursor = SQLiteCursor(self._cursor)
        self._checkpoint_at = -1
        self._together = Together(connection)
        self._newest: int | None = None  # position of the newest event, as long as it is known
        self.flush_took = 0.0

    def commit(self, batch: Sequence[Prepared], *, patient: bool = True) -> list[Outcome]:
        """Commit a batch in one transaction; what became of each commit, in order.

        Args:
            patient: wait while another process writes.

        Raises:
            sqlite3.OperationalError: busy, and not `patient`; nothing was done.
        """
        crash.reached("store.before_begin")
        try:
            self._begin(patient=patient)
        except sqlite3.Error as error:
            if is_busy(error) and not patient:
                raise
            return [translate(error, self._path) for _ in batch]
        try:
            outcomes = self._write(batch)
        except Exception as error:
            self._rollback()
            return self._sort_out(batch, error)
        except BaseException:
            self._rollback()
            raise
        return outcomes

    def commit_together(self, batch: Texts) -> int | None:
        """Commit a batch by one statement, beside which the loop can go on.

        Returns:
            the position of its first event; None if the commits must be looked at one by one.
        """
        if not self._together.able or self._connection.in_transaction:
            return None
        if "store.before_commit" in crash.ARMED:  # one statement has no such point
            return None
        try:
            crash.reached("store.before_begin")
            newest = self._find_newest() if self._newest is None else self._newest
            self._newest = None
            self._together.write(batch, newest)
            crash.reached("store.after_commit")
        except Exception:  # `commit` finds out what is wrong, and what is stored all the same
            self._newest = None
            return None
        self._newest = newest + batch.events
        return newest + 1

    def run(self, *statements: tuple[str, Sequence[str]]) -> None:
        """Some statements, with their parameters, in a transaction of their own."""
        with self.own() as cursor:
            for statement, parameters in statements:
                cursor.execute(statement, parameters)

    @contextmanager
    def own(self) -> Generator[sqlite3.Cursor]:
        """A transaction of its own for what is no commit of events; its rows are plain tuples."""
        cursor = self._connection.cursor()
        cursor.row_factory = None
        self._newest = None
        try:
            self._begin(patient=True)
            yield cursor
            cursor.execute("COMMIT")
        except BaseException:
            self._rollback()
            raise

    def commit_with(
        self,
        prepared: Prepared,
        also: Callable[[sqlite3.Cursor], None],
        then: Sequence[Prepared] = (),
    ) -> Appended:
        """Commit one alone, together with what `also` writes, and `then` others.

        Returns:
            the head of the one, and the events of all.

        Raises:
            StoreError: nothing was written; also what `also` raises.
        """
        with self.own() as cursor:
            refusal = self._place(prepared)
            if isinstance(refusal, Appended):
                return refusal
            if refusal is not None:
                raise refusal
            also(cursor)
            for one in then:
                refusal = self._place(one)
                if refusal is not None:
                    raise Conflict(one.stream, one.commit.head.version)
            rows = [row for one in (prepared, *then) for row in one.rows]
            first = self._recorder.insert_rows(self._library_cursor, rows)
        events: list[Event] = []
        for one in (prepared, *then):
            events += one.stored(first + len(events)).events
        return Appended(tuple(events), prepared.head)

    def checkpoint_at(self, pages: int) -> None:
        """Move the write-ahead log into the file when it has so many pages of 4 KB (0: never)."""
        if pages != self._checkpoint_at:
            self._cursor.execute(f"PRAGMA wal_autocheckpoint={pages}")
            self._checkpoint_at = pages

    def _begin(self, *, patient: bool) -> None:
        """Take the file's write lock. SQLite's own waiting is unfair and would hold up the loop."""
        delay, waited = 0.0005, 0.0
        while True:
            try:
                self._cursor.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not patient or not is_busy(error) or waited >= PATIENCE:
                    raise
                time.sleep(delay)
                waited += delay
                delay = min(delay * 1.5, 0.01)
            else:
                return

    def _rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.rollback()

    def _write(self, batch: Sequence[Prepared]) -> list[Outcome]:
        refused: dict[int, Outcome] = {}
        if len(batch) == 1 or not self._place_together(batch):
            for index, prepared in enumerate(batch):
                refusal = self._place(prepared)
                if refusal is not None:
                    refused[index] = refusal
        rows: list[Row] = []
        for index, prepared in enumerate(batch):
            if index not in refused:
                rows.extend(prepared.rows)
        first = self._recorder.insert_rows(self._library_cursor, rows) if rows else 0
        crash.reached("store.before_commit")
        began = stopwatch()
        self._cursor.execute("COMMIT")
        self.flush_took = stopwatch() - began
        crash.reached("store.after_commit")
        self._newest = first + len(rows) - 1 if rows else None
        outcomes: list[Outcome] = []
        for index, prepared in enumerate(batch):
            if index in refused:
                outcomes.append(refused[index])
            else:
                outcomes.append(prepared.stored(first))
                first += len(prepared.rows)
        return outcomes

    def _find_newest(self) -> int:
        return int(self._cursor.execute(NEWEST).fetchone()[0])

    def _place_together(self, batch: Sequence[Prepared]) -> bool:
        """Place a batch by few statements, as long as all are accepted; else leave no trace.

        Those of one kind share a statement, and commits of one stream stay in order.
        """
        self._cursor.execute("SAVEPOINT together")
        for kind, group in _groups(batch):
            if kind == "more":
                if all(self._place(prepared) is None for prepared in group):
                    continue
            elif kind == "create":
                rows = [(*entry_row(one), is_open(one.commit.entry)) for one in group]
                self._cursor.executemany(_CREATE, rows)
                if self._cursor.rowcount == len(group):
                    continue
            else:
                statement, row = (_STAY, _stay_row) if kind == "stay" else (_MOVE, _move_row)
                self._cursor.executemany(statement, [row(one) for one in group])
                if self._cursor.rowcount == len(group):
                    continue
            self._cursor.execute("ROLLBACK TO together")
            return False
        self._cursor.execute("RELEASE together")
        return True

    def _place(self, prepared: Prepared) -> Outcome | None:
        """Write everything of a commit but its events, or say why not and leave no trace."""
        commit, stream, execute = prepared.commit, prepared.stream, self._cursor.execute
        known = self._known(commit.taken)
        if known is not None:
            return self._stored(prepared) or self._duplicate(known)
        if commit.command_id:
            execute(
                "INSERT OR IGNORE INTO interlock_commands VALUES (?,?,?)",
                (commit.command_id, stream, prepared.head.version),
            )
            if self._cursor.rowcount == 0:
                return self._stored(prepared) or self._duplicate(commit.command_id)
        if not self._fence(prepared):
            if commit.command_id:
                execute("DELETE FROM interlock_commands WHERE id=?", (commit.command_id,))
            return self._stored(prepared) or self._misplaced(prepared)
        for key, version in commit.taken:
            execute("INSERT INTO interlock_commands VALUES (?,?,?)", (key, stream, version))
        for name in commit.clear_timers:
            execute("DELETE FROM interlock_timers WHERE run=? AND name=?", (stream, name))
        for timer in commit.set_timers:
            execute(
                "INSERT OR REPLACE INTO interlock_timers VALUES (?,?,?)",
                (stream, timer.name, instant(timer.due)),
            )
        return None

    def _fence(self, prepared: Prepared) -> bool:
        """Move the index row from the expected head to the new one, if it is there."""
        cursor, still_open = self._cursor, is_open(prepared.commit.entry)
        if prepared.commit.head.version == 0:
            cursor.execute(_CREATE, (*entry_row(prepared), still_open))
            return cursor.rowcount == 1
        if still_open:
            cursor.execute(_STAY, _stay_row(prepared))
            if cursor.rowcount == 1:
                return True
        cursor.execute(_MOVE, _move_row(prepared))
        return cursor.rowcount == 1

    def _misplaced(self, prepared: Prepared) -> StoreError:
        """Why a commit does not follow the head of its stream."""
        row = self._cursor.execute(
            "SELECT archive FROM interlock_entries WHERE sort=? AND run=?",
            (sort_key(prepared.stream), prepared.stream),
        ).fetchone()
        if row is not None and row[0]:
            return RunArchived(prepared.stream, row[0])
        return Conflict(prepared.stream, prepared.commit.head.version)

    def _known(self, taken: Sequence[tuple[str, int]]) -> str | None:
        """The first of some command ids that was accepted before."""
        for key, _ in taken:
            found = self._cursor.execute("SELECT 1 FROM interlock_commands WHERE id=?", (key,))
            if found.fetchone():
                return key
        return None

    def _duplicate(self, command_id: str) -> DuplicateCommand:
        run, version = self._cursor.execute(
            "SELECT run, version FROM interlock_commands WHERE id=?", (command_id,)
        ).fetchone()
        return DuplicateCommand(command_id, run, version)

    def _stored(self, prepared: Prepared) -> Appended | None:
        """The answer to a commit that is in the log already: its own events, ids and all.

        A commit whose answer was lost looks like a conflict; its bytes tell it apart.
        """
        found = self._cursor.execute(
            f"SELECT rowid, originator_id, originator_version, topic, state FROM {EVENTS} "
            "WHERE originator_id=? AND originator_version>? AND originator_version<=? "
            "ORDER BY originator_version",
            (prepared.stream, prepared.commit.head.version, prepared.head.version),
        ).fetchall()
        if [tuple(row[1:]) for row in found] != prepared.rows:
            return None
        return prepared.stored(found[0][0])

    def _sort_out(self, batch: Sequence[Prepared], error: Exception) -> list[Outcome]:
        """What became of each commit of a batch whose transaction failed."""
        if is_disk(error):
            return [self._answer(prepared, translate(error, self._path)) for prepared in batch]
        if len(batch) > 1:  # the failure is of one of them: find it
            return [self.commit([prepared])[0] for prepared in batch]
        prepared = batch[0]
        if isinstance(error, sqlite3.IntegrityError):
            conflict = Conflict(prepared.stream, prepared.commit.head.version)
            return [self._answer(prepared, conflict)]
        refusal = Unrecordable(f"the commit of {prepared.stream!r} cannot be stored: {error}")
        refusal.__cause__ = error
        return [refusal]

    def _answer(self, prepared: Prepared, error: StoreError) -> Outcome:
        """Success after all when the commit is there (the answer to COMMIT was lost)."""
        try:
            return self._stored(prepared) or error
        except sqlite3.Error:
            return error
