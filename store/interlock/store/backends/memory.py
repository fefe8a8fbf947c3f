"""The memory backend: the same rows as in a database, kept in lists and dicts, no threads."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from interlock.store import crash
from interlock.store.backends.base import Backend
from interlock.store.backends.memory_inspection import MemoryInspection
from interlock.store.board import Board, Seen
from interlock.store.cipher import cipher_of
from interlock.store.clock import Clock, uuid7
from interlock.store.contract import (
    FINISHED,
    Appended,
    Commit,
    Definition,
    Entry,
    Filter,
    Head,
    Timer,
)
from interlock.store.digest import digest_of
from interlock.store.envelope import decode
from interlock.store.errors import BadArchive, Conflict, DuplicateCommand, RunArchived, StoreError
from interlock.store.event import Event
from interlock.store.inspection import Digest, Inspection, Raw
from interlock.store.order import sort_key
from interlock.store.prepared import Prepared, Row
from interlock.store.snapshot import Snapshot, spare


class MemoryStore(Backend):
    """Keeps everything in this object; gone when the object is. For tests and simulations."""

    def __init__(
        self,
        url: str = "memory://",
        *,
        clock: Clock | None = None,
        key: str | bytes | None = None,
    ) -> None:
        super().__init__(url, clock)
        self.cipher = cipher_of(key or "")
        self._log: list[Row | None] = []  # None where an archived event stood
        self._streams: dict[str, list[int]] = {}  # indices into the log
        self._heads: dict[str, Head] = {}
        self._entries: dict[str, Entry] = {}
        self._timers: dict[tuple[str, str], Timer] = {}
        self._commands: dict[str, tuple[str, int]] = {}
        self._definitions: dict[str, Definition] = {}
        self._driven = False
        self._board: Board | None = None
        self._log_id = str(uuid7(self.clock.now()))
        self._snapshots: dict[str, dict[int, Snapshot]] = {}
        self._digests: dict[int, Digest] = {}  # of archived events, by index into the log

    async def append(self, commit: Commit) -> Appended:
        """Append one commit: see the contract."""
        self._check_open()
        if self.prelude is not None:
            await self.prelude(commit)
        prepared = self._prepare(commit)
        await asyncio.sleep(0)  # as any store: others run meanwhile
        self._check_open()
        crash.reached("store.before_begin")
        self._fence(prepared)
        crash.reached("store.before_commit")
        appended = self._keep(prepared)
        crash.reached("store.after_commit")
        self._tell(appended.events)
        return appended

    def _fence(self, prepared: Prepared) -> None:
        commit, stream = prepared.commit, prepared.stream
        known = self._commands.get(commit.command_id) if commit.command_id else None
        if known is not None:
            raise DuplicateCommand(commit.command_id, *known)
        for key, _ in commit.taken:
            if key in self._commands:
                raise DuplicateCommand(key, *self._commands[key])
        head = self._heads.get(stream, Head())
        entry = self._entries.get(stream)
        if entry is not None and entry.archive:
            raise RunArchived(stream, entry.archive)
        if (head.version, head.digest) != (commit.head.version, commit.head.digest):
            raise Conflict(stream, commit.head.version)

    def _keep(self, prepared: Prepared) -> Appended:
        commit, stream = prepared.commit, prepared.stream
        first = len(self._log)
        self._log.extend(prepared.rows)
        self._streams.setdefault(stream, []).extend(range(first, len(self._log)))
        self._heads[stream] = prepared.head
        self._entries[stream] = commit.entry
        for name in commit.clear_timers:
            self._timers.pop((stream, name), None)
        for timer in commit.set_timers:
            self._timers[stream, timer.name] = timer
        if commit.command_id:
            self._commands[commit.command_id] = (stream, prepared.head.version)
        self._commands.update({key: (stream, version) for key, version in commit.taken})
        return prepared.stored(first + 1)

    async def read(self, stream: str, *, after: int = 0, upto: int | None = None) -> list[Event]:
        """The events of a stream with `after < version <= upto`, in order; [] when unknown."""
        self._check_open()
        end = upto if upto is None else max(upto, 0)
        wanted = self._streams.get(stream, [])[max(after, 0) : end]
        entry = self._entries.get(stream)
        if entry is not None and entry.archive and any(self._log[i] is None for i in wanted):
            raise RunArchived(stream, entry.archive)
        return [*self._events(wanted)]

    async def log(self, *, after: int = 0, limit: int = 500) -> list[Event]:
        """Events of all streams with `position > after`, in order of position."""
        self._check_open()
        return [*islice(self._events(range(max(after, 0), len(self._log))), max(limit, 0))]

    def _events(self, indices: Iterable[int]) -> Iterator[Event]:
        for index in indices:
            row = self._log[index]
            if row is not None:
                yield decode(*row, index + 1)

    async def digests(self, *, after: int = 0, limit: int = 500) -> list[Digest]:
        """The digests of events with `position > after`, in order of position."""
        with self.inspect() as snapshot:
            return [*islice(snapshot.digests(after), max(limit, 0))]

    @contextmanager
    def inspect(self) -> Generator[Inspection]:
        """Everything that is stored, at this instant, for an audit."""
        self._check_open()
        yield MemoryInspection(
            self._log_id,
            self._log,
            self._digests,
            self._entries,
            self._heads,
            [*self._timers.values()],
            self._commands,
            [*self._definitions.values()],
        )

    async def head(self, run: str) -> Head:
        """Where a stream ends (`Head()` when unknown)."""
        self._check_open()
        return self._heads.get(run, Head())

    async def entry(self, run: str) -> Entry | None:
        """A stream's row in the index."""
        self._check_open()
        return self._entries.get(run)

    async def entries(self, where: Filter | None = None) -> list[Entry]:
        """Rows of the index, in the natural order of run ids."""
        self._check_open()
        where = where or Filter()
        after = None if where.after is None else _order(where.after)
        found = sorted(
            (
                entry
                for entry in self._entries.values()
                if _matches(entry, where) and (after is None or _order(entry.run) > after)
            ),
            key=lambda entry: _order(entry.run),
        )
        return found if where.limit is None else found[: where.limit]

    async def due(self, before: datetime, *, limit: int = 100) -> list[Timer]:
        """The timers due at or before an instant, earliest first."""
        self._check_open()
        return _earliest(t for t in self._timers.values() if t.due <= before)[:limit]

    async def next_due(self) -> datetime | None:
        """The earliest instant of any timer."""
        self._check_open()
        return min((timer.due for timer in self._timers.values()), default=None)

    async def timers(self, run: str) -> list[Timer]:
        """The timers of one stream, earliest first."""
        self._check_open()
        return _earliest(t for t in self._timers.values() if t.run == run)

    async def command(self, command_id: str) -> tuple[str, int] | None:
        """Stream and version that a command id led to."""
        self._check_open()
        return self._commands.get(command_id)

    async def define(self, definition: Definition) -> None:
        """Keep a definition (the same hash twice is the same definition)."""
        self._check_open()
        self._definitions.setdefault(definition.hash, definition)

    async def definition(self, hash: str) -> Definition | None:  # noqa: A002  the field's name
        """The definition with this hash."""
        self._check_open()
        return self._definitions.get(hash)

    async def snapshot(self, run: str, *, fold: str, upto: int | None = None) -> Snapshot | None:
        """The newest snapshot of a stream that code `fold` made, at version `upto` or before."""
        self._check_open()
        found = (
            snapshot
            for version, snapshot in self._snapshots.get(run, {}).items()
            if snapshot.fold == fold and (upto is None or version <= upto)
        )
        return max(found, key=lambda snapshot: snapshot.version, default=None)

    async def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot, and drop those that it makes superfluous. They are a cache."""
        self._check_open()
        before = self._snapshots.get(snapshot.run, {})
        kept = {v: old for v, old in before.items() if old.fold == snapshot.fold}
        kept[snapshot.version] = snapshot
        for version in spare(sorted(kept)):
            del kept[version]
        self._snapshots[snapshot.run] = kept

    async def drop_snapshots(self, run: str | None = None) -> None:
        """Forget the snapshots of one stream, or all."""
        self._check_open()
        if run is None:
            self._snapshots.clear()
        else:
            self._snapshots.pop(run, None)

    async def archive(self, commit: Commit, runs: Mapping[str, Head], file: str) -> Appended:
        """Append a commit, and mark these runs as moved to a file: see the contract."""
        for run, head in runs.items():
            entry, last = self._entries.get(run), self._heads.get(run, Head())
            moved_on = (last.version, last.digest) != (head.version, head.digest)
            if entry is None or entry.archive or entry.status not in FINISHED or moved_on:
                raise Conflict(run, head.version)
        return self._mark(commit, runs, file)

    async def unarchive(
        self, commit: Commit, runs: Sequence[str], told: Sequence[Commit] = ()
    ) -> Appended:
        """Append a commit, and mark these runs as not archived any more: see the contract."""
        more = [self._prepare(one) for one in told]
        for one in more:
            last, head = self._heads.get(one.stream, Head()), one.commit.head
            away = self._archived(one.stream) and one.stream not in runs
            if away or (last.version, last.digest) != (head.version, head.digest):
                raise Conflict(one.stream, one.commit.head.version)
        for run in runs:
            if any(self._log[index] is None for index in self._streams.get(run, [])):
                raise Conflict(run, 0)
        return self._mark(commit, runs, "", more)

    def _mark(
        self, commit: Commit, runs: Iterable[str], file: str, then: Iterable[Prepared] = ()
    ) -> Appended:
        self._check_open()
        prepared = self._prepare(commit)
        self._fence(prepared)
        appended = self._keep(prepared)
        for run in runs:
            self._entries[run] = replace(self._entries[run], archive=file)
            self._snapshots.pop(run, None)
        events = [*appended.events, *(event for one in then for event in self._keep(one).events)]
        self._tell(events)
        return Appended(tuple(events), appended.head)

    async def sweep(self, runs: Sequence[str], *, limit: int) -> int:
        """Replace events of archived runs by their digests: see the contract."""
        self._check_open()
        here = (i for run in runs if self._archived(run) for i in self._streams[run])
        some = [*islice((index for index in here if self._log[index] is not None), limit)]
        for index in some:
            row = self._log[index]
            if row is not None:
                self._digests[index] = Digest(index + 1, row[0], row[1], digest_of(*row))
                self._log[index] = None
        return len(some)

    async def unswept(self) -> list[str]:
        """The archived runs of which there are still events."""
        self._check_open()
        return [
            run
            for run, indices in self._streams.items()
            if self._archived(run) and any(self._log[index] is not None for index in indices)
        ]

    def _archived(self, run: str) -> bool:
        return run in self._entries and bool(self._entries[run].archive)

    async def put_back(self, rows: Sequence[Raw]) -> None:
        """Put events of archived runs in the place of their digests: see the contract."""
        self._check_open()
        for row in rows:
            index, stored = row.position - 1, (row.stream, row.version, row.topic, row.state)
            digest = Digest(row.position, row.stream, row.version, digest_of(*stored))
            there = index < len(self._log) and self._log[index] == stored
            if not there and self._digests.get(index) != digest:
                message = f"event {row.version} of {row.stream!r} is not the one that was archived"
                raise BadArchive(message)
        for row in rows:
            self._log[row.position - 1] = (row.stream, row.version, row.topic, row.state)
            self._digests.pop(row.position - 1, None)

    async def log_id(self) -> str:
        """Identity of the log."""
        self._check_open()
        return self._log_id

    async def backup(self, path: Path) -> int:
        """Refused: there is no file that could be opened again.

        Raises:
            StoreError: always.
        """
        message = f"{self.url} cannot be copied to {path}: only a database in a file can"
        raise StoreError(message)

    async def position(self) -> int:
        """Position of the last event of the log, 0 for an empty one."""
        self._check_open()
        return len(self._log)

    def acquire_worker(self) -> bool:
        """Always true: nobody else can reach this store."""
        self._check_open()
        self._driven = True
        return True

    def release_worker(self) -> None:
        """Nobody drives it any more."""
        self._driven, self._board = False, None

    def post(self, board: Board) -> None:
        """Keep what the worker tells."""
        self._board = board if self._driven else None

    def worker(self) -> Seen | None:
        """What the engine that drives this store tells of itself."""
        self._check_open()
        return Seen(self._board) if self._driven else None

    async def close(self) -> None:
        """Refuse every further call, and end the followers."""
        self._closed = True
        self._bell.ring()


def _order(run: str) -> tuple[str, str]:
    return sort_key(run), run


def _matches(entry: Entry, where: Filter) -> bool:
    return (
        (where.machine is None or entry.machine == where.machine)
        and (where.state is None or entry.state == where.state)
        and (not where.status or entry.status in where.status)
        and (where.waits is None or entry.waits == where.waits)
        and (where.finished is None or (entry.status in FINISHED) == where.finished)
        and (not where.ids or entry.run in where.ids)
        and entry.run.startswith(where.prefix or "")
        and (where.archived is None or bool(entry.archive) == where.archived)
        and not (where.own and entry.run.startswith("$"))
    )


def _earliest(timers: Iterable[Timer]) -> list[Timer]:
    return sorted(timers, key=lambda timer: (timer.due, timer.run, timer.name))
