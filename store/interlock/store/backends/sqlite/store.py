"""The store over one SQLite file: who reads and writes on which thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from interlock.store.backends.base import Backend
from interlock.store.backends.sqlite import archiving, snapshots
from interlock.store.backends.sqlite.backup import copy
from interlock.store.backends.sqlite.connections import connect, uri_of
from interlock.store.backends.sqlite.encryption import check_cipher, opened, sealed
from interlock.store.backends.sqlite.errors import is_busy, translated
from interlock.store.backends.sqlite.inspection import SQLiteInspection
from interlock.store.backends.sqlite.lock import WorkerLock
from interlock.store.backends.sqlite.queries import Queries
from interlock.store.backends.sqlite.transaction import Transaction
from interlock.store.backends.sqlite.writer import Writer
from interlock.store.board import Board, Seen
from interlock.store.cipher import cipher_of
from interlock.store.clock import Clock, uuid7
from interlock.store.contract import Appended, Commit, Definition, Entry, Filter, Head, Timer
from interlock.store.errors import RunArchived, StoreReadOnly
from interlock.store.event import Event
from interlock.store.inspection import Digest, Inspection, Raw, sum_of
from interlock.store.snapshot import Snapshot

T = TypeVar("T")

SHORT = 64
"""Events that are read on the loop (about 0.3 ms); longer answers come from the reader's thread."""


class SQLiteStore(Backend):
    """A store in one file. Several processes may open it; see `acquire_worker` for engines.

    Attributes:
        path: the file, absolute.
        connections: what the store holds of it; for the backend and its tests.
    """

    polls = True

    def __init__(
        self,
        path: str | Path,
        *,
        url: str = "",
        clock: Clock | None = None,
        readonly: bool = False,
        key: str | bytes | None = None,
        keyless: bool = False,
    ) -> None:
        super().__init__(url or f"sqlite:///{path}", clock)
        self.path = Path(path).resolve()
        self.cipher = cipher_of(key)
        cipher = "" if self.cipher is None else self.cipher.id
        self.connections = connect(
            self.path, readonly=readonly, log_id=str(uuid7(self.clock.now())), cipher=cipher
        )
        try:
            check_cipher(self.connections.near, str(self.path), cipher, keyless=keyless)
        except BaseException:
            self.connections.close()
            raise
        self._near = Queries(self.connections.near, self.connections.schema)
        self._far = Queries(self.connections.far, self.connections.schema)
        self._reader = ThreadPoolExecutor(1, "interlock-reader")
        self._lock = WorkerLock(self.path.with_name(self.path.name + "-lock"))
        self._defined: set[str] = set()
        self._writer: Writer | None = None
        if self.connections.write is not None:
            transaction = Transaction(
                self.connections.write, self.connections.recorder, str(self.path)
            )
            self._writer = Writer(transaction, self._tell)

    async def append(self, commit: Commit) -> Appended:
        """Append one commit durably: see the contract."""
        writer = self._may_write()
        if self.prelude is not None:
            await self.prelude(commit)
        return await writer.submit(self._prepare(commit))

    def _may_write(self) -> Writer:
        self._check_open()
        if self._writer is None:
            message = f"{self.url} was opened to be read only"
            raise StoreReadOnly(message)
        return self._writer

    async def _ask_near(self, question: Callable[[Queries], T]) -> T:
        """A question that is answered in microseconds: a thread would cost more than it."""
        self._check_open()
        with translated(str(self.path)):
            try:
                return question(self._near)
            except sqlite3.OperationalError as error:
                if not is_busy(error):
                    raise
        return await self._ask_far(question)  # it may have to wait: not on the loop

    async def _ask_far(self, question: Callable[[Queries], T]) -> T:
        self._check_open()
        loop = asyncio.get_running_loop()
        with translated(str(self.path)):
            return await loop.run_in_executor(self._reader, question, self._far)

    async def read(self, stream: str, *, after: int = 0, upto: int | None = None) -> list[Event]:
        """The events of a stream with `after < version <= upto`, in order; [] when unknown."""
        events = await self._ask_near(lambda ask: ask.read(stream, after, upto, SHORT))
        if not events or events[0].version != max(after, 0) + 1:
            file = await self._ask_near(lambda ask: ask.archive(stream))
            if file:  # a run whose rows are yet to go, or to come back, has its end here
                raise RunArchived(stream, file)
        if len(events) < SHORT:
            return events
        last = events[-1].version
        return events + await self._ask_far(lambda ask: ask.read(stream, last, upto))

    async def log(self, *, after: int = 0, limit: int = 500) -> list[Event]:
        """Events of all streams with `position > after`, in order of position."""
        few = min(limit, SHORT)
        events = await self._ask_near(lambda ask: ask.log(after, few))
        if len(events) < few or few == limit:
            return events
        last = events[-1].position
        return events + await self._ask_far(lambda ask: ask.log(last, limit - few))

    async def digests(self, *, after: int = 0, limit: int = 500) -> list[Digest]:
        """The digests of events with `position > after`, in order of position."""
        return await self._ask_far(lambda ask: ask.digests(after, limit))

    @contextmanager
    def inspect(self) -> Generator[Inspection]:
        """Everything that is stored, at this instant, for an audit."""
        self._check_open()
        with translated(str(self.path)), closing(SQLiteInspection(uri_of(self.path))) as snapshot:
            yield snapshot

    async def head(self, run: str) -> Head:
        """Where a stream ends (`Head()` when unknown)."""
        return await self._ask_near(lambda ask: ask.head(run))

    async def entry(self, run: str) -> Entry | None:
        """A stream's row in the index."""
        return await self._ask_near(lambda ask: ask.entry(run))

    async def entries(self, where: Filter | None = None) -> list[Entry]:
        """Rows of the index, in the natural order of run ids."""
        return await self._ask_far(lambda ask: ask.entries(where or Filter()))

    async def due(self, before: datetime, *, limit: int = 100) -> list[Timer]:
        """The timers due at or before an instant, earliest first."""
        ask_them = self._ask_near if limit <= SHORT else self._ask_far
        return await ask_them(lambda ask: ask.due(before, limit))

    async def next_due(self) -> datetime | None:
        """The earliest instant of any timer."""
        return await self._ask_near(lambda ask: ask.next_due())

    async def timers(self, run: str) -> list[Timer]:
        """The timers of one stream, earliest first."""
        return await self._ask_near(lambda ask: ask.timers(run))

    async def command(self, command_id: str) -> tuple[str, int] | None:
        """Stream and version that a command id led to."""
        return await self._ask_near(lambda ask: ask.command(command_id))

    async def define(self, definition: Definition) -> None:
        """Keep a definition (the same hash twice is the same definition)."""
        writer = self._may_write()
        if definition.hash in self._defined or await self.definition(definition.hash):
            self._defined.add(definition.hash)
            return
        values = (definition.hash, definition.name, definition.ir, definition.source)
        vouched = (f"sum definition {definition.hash}", sum_of(*values))

        def keep(transaction: Transaction) -> None:
            transaction.run(
                ("INSERT OR IGNORE INTO interlock_definitions VALUES (?,?,?,?)", values),
                ("INSERT OR IGNORE INTO interlock_meta VALUES (?,?)", vouched),
            )

        await self._alone(writer, keep)
        self._defined.add(definition.hash)

    async def _alone(self, writer: Writer, act: Callable[[Transaction], T]) -> T:
        """Something that is written between two batches, in the reader's thread."""
        loop = asyncio.get_running_loop()
        with translated(str(self.path)):
            return await loop.run_in_executor(self._reader, lambda: writer.alone(act))

    async def definition(self, hash: str) -> Definition | None:  # noqa: A002  the field's name
        """The definition with this hash."""
        return await self._ask_near(lambda ask: ask.definition(hash))

    async def snapshot(self, run: str, *, fold: str, upto: int | None = None) -> Snapshot | None:
        """The newest snapshot of a stream that code `fold` made, at version `upto` or before."""
        found = await self._ask_near(lambda ask: ask.snapshot(run, fold, upto))
        return found if self.cipher is None or found is None else opened(self.cipher, found)

    async def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot, and drop those that it makes superfluous. They are a cache."""
        kept = snapshot if self.cipher is None else sealed(self.cipher, snapshot)
        await self._alone(self._may_write(), lambda transaction: snapshots.keep(transaction, kept))

    async def drop_snapshots(self, run: str | None = None) -> None:
        """Forget the snapshots of one stream, or all."""
        await self._alone(self._may_write(), lambda transaction: snapshots.drop(transaction, run))

    async def archive(self, commit: Commit, runs: Mapping[str, Head], file: str) -> Appended:
        """Append a commit, and mark these runs as moved to a file: see the contract."""
        prepared = self._prepare(commit)
        return await self._apart(lambda t: archiving.archive(t, prepared, runs, file))

    async def unarchive(
        self, commit: Commit, runs: Sequence[str], told: Sequence[Commit] = ()
    ) -> Appended:
        """Append a commit, and mark these runs as not archived any more: see the contract."""
        prepared, more = self._prepare(commit), [self._prepare(one) for one in told]
        return await self._apart(lambda t: archiving.unarchive(t, prepared, runs, more))

    async def _apart(self, act: Callable[[Transaction], Appended]) -> Appended:
        appended = await self._alone(self._may_write(), act)
        self._tell(appended.events)
        return appended

    async def sweep(self, runs: Sequence[str], *, limit: int) -> int:
        """Replace events of archived runs by their digests: see the contract."""
        far = self._far
        return await self._alone(self._may_write(), lambda t: archiving.sweep(far, t, runs, limit))

    async def unswept(self) -> list[str]:
        """The archived runs of which there are still events."""
        return await self._ask_far(lambda ask: ask.unswept())

    async def put_back(self, rows: Sequence[Raw]) -> None:
        """Put events of archived runs in the place of their digests: see the contract."""
        await self._alone(self._may_write(), lambda t: archiving.put_back(t, rows))

    async def log_id(self) -> str:
        """Identity of the log, given when the file was made."""
        return await self._ask_near(lambda ask: ask.log_id())

    async def backup(self, path: Path) -> int:
        """Copy everything, as it is at this instant, to a new file: see the contract."""
        self._check_open()
        return await asyncio.to_thread(copy, uri_of(self.path), path)

    async def position(self) -> int:
        """Position of the last event of the log, 0 for an empty one."""
        return await self._ask_near(lambda ask: ask.position())

    def acquire_worker(self) -> bool:
        """Try to become the one process that drives the runs of this file."""
        self._check_open()
        if self._writer is None or not self._lock.acquire():
            return False
        self._writer.try_alone(lambda: self.connections.lengthen_log(self.path))
        return True

    def release_worker(self) -> None:
        """Give the role back."""
        self._lock.release()

    def post(self, board: Board) -> None:
        """Tell other processes what this worker does."""
        self._lock.post(board)

    def worker(self) -> Seen | None:
        """What the process that has the worker's role tells of itself."""
        self._check_open()
        return self._lock.seen()

    async def close(self) -> None:
        """Finish what was accepted, then release threads, connections and the worker's role."""
        if self._closed:
            return
        self._closed = True
        if self._writer is not None:
            await self._writer.stop()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._reader, lambda: None)  # the questions before this one
        self._reader.shutdown()
        self.connections.close()
        self._lock.release()
        self._bell.ring()
