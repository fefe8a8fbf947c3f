"""The contract of every store backend: what can be appended, read and followed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from interlock.store.board import Board, Seen
from interlock.store.event import Actor, Body, Event
from interlock.store.snapshot import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from interlock.store.inspection import Digest, Inspection, Raw
    from interlock.store.place import Place


class Head(msgspec.Struct, gc=False, frozen=True):
    """Where a stream ends: what the next commit has to follow.

    Attributes:
        version: version of the last event, 0 for a stream that does not exist.
        digest: digest of the last event, "" for none.
        at: when the last event was recorded (the next one is never earlier), None for none.
    """

    version: int = 0
    digest: str = ""
    at: datetime | None = None


class Entry(msgspec.Struct, gc=False, frozen=True):
    """A stream's row in the inline index, written in the same transaction as its events.

    Attributes:
        run: the stream's id.
        machine, hash: which machine it follows, and that definition's hash.
        state: name of its state.
        status: `running`, `waiting`, `sleeping`, `in doubt`, `compensating`, `undo failed`,
            `held`, `open` (a lifecycle that is not final), `completed`, `failed`, `cancelled`,
            `compensated` or `compensation failed`.
        since: when it entered that state.
        waits: kind of what it waits for: `step`, `approval`, `command`, `timer`, `person`, what
            holds a call back (`breaker`, `rate`, `bulkhead`), or "".
        waits_for: its name: of the step, approval, command types, breaker, or the instant.
        started: when it began.
        parent: the run that started it as its child, "" for none.
        archive: the file that its events were moved to, "" while they are here. The store alone
            sets it.
    """

    run: str
    machine: str
    hash: str
    state: str
    status: str
    since: datetime
    waits: str
    waits_for: str
    started: datetime
    parent: str = ""
    archive: str = ""


FINISHED = frozenset({"completed", "failed", "cancelled", "compensated", "compensation failed"})
"""The statuses of an `Entry` after which nothing more happens by itself."""


class Timer(msgspec.Struct, gc=False, frozen=True):
    """An instant at which a stream wants to be woken.

    Attributes:
        run: the stream's id.
        name: unique within the stream; setting it again replaces it.
        due: when.
    """

    run: str
    name: str
    due: datetime


class Definition(msgspec.Struct, frozen=True):
    """A machine's definition as it was when it first ran here: kept for ever, by hash."""

    hash: str
    name: str
    ir: str
    source: str


class Draft(msgspec.Struct, gc=False, frozen=True):
    """An event that is about to be appended; the store adds id, version, digest and position.

    Attributes:
        body: what happened.
        state: the state the stream is in after it.
        actor: who caused it.
        cause: id of the command that led to it, or "".
        at: when it happened, for an event that is taken over from another store; None for the
            commit's instant. Never earlier than the event before it.
        id: its id there, for the same purpose; "" for a new one.
        reason: see `Event.reason`.
        correlation: where it is not that of the commit: of the request that led to it.
        hash: of the definition that it followed, where that is not the commit's.
    """

    body: Body
    state: str
    actor: Actor
    cause: str = ""
    at: datetime | None = None
    id: str = ""
    reason: str = ""
    correlation: str = ""
    hash: str = ""


class Commit(msgspec.Struct, gc=False, frozen=True):
    """The events of one transition and what is derived from them: all or nothing.

    Attributes:
        head: the stream's head that this commit follows (`Head()` to create the stream).
        entry: the stream's new row in the index.
        drafts: the events, in order; at least one.
        at: the instant of the events (raised to `head.at` if the clock went back).
        correlation: see `Event.correlation`.
        set_timers, clear_timers: due timers to add or replace, and names of those to remove.
        command_id: makes the commit happen once: the same id again is a `DuplicateCommand`.
        taken: command ids that its events accepted in the store that they are taken over from,
            and the version that each led to.
    """

    head: Head
    entry: Entry
    drafts: Sequence[Draft]
    at: datetime
    correlation: str
    set_timers: Sequence[Timer] = ()
    clear_timers: Sequence[str] = ()
    command_id: str = ""
    taken: Sequence[tuple[str, int]] = ()


class Appended(msgspec.Struct, gc=False, frozen=True):
    """What a commit led to: the stored events and the stream's new head."""

    events: tuple[Event, ...]
    head: Head


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows of the index are wanted. None and () mean any.

    Attributes:
        prefix: how the id begins. None leaves out Interlock's own streams, whose ids begin with
            `$` (unless `ids` names them); "" is every stream.
        archived: False leaves out what was archived, True is only that, None is both.
    """

    machine: str | None = None
    state: str | None = None
    status: tuple[str, ...] = ()
    waits: str | None = None
    finished: bool | None = None
    after: str | None = None
    limit: int | None = None
    ids: tuple[str, ...] = field(default=())
    prefix: str | None = None
    archived: bool | None = False

    @property
    def own(self) -> bool:
        """Whether Interlock's own streams are left out."""
        return self.prefix is None and not self.ids


class Store(Protocol):
    """An append-only log of streams, an index of them, and their due timers.

    A store is used from one event loop. Every method raises `StoreClosed` after `close`.
    """

    url: str

    async def append(self, commit: Commit) -> Appended:
        """Append one commit durably; commits of many streams share a transaction.

        Raises:
            Conflict: the stream is not at `commit.head`.
            AnswerLost: the commit was kept, or was not, or may yet be: the stream will tell.
            RunArchived: its events were moved to an archive.
            DuplicateCommand: `commit.command_id` was accepted before (even by another stream).
            StoreFull, StoreReadOnly, StoreBusy: nothing of the commit was kept.
        """
        ...

    async def read(self, stream: str, *, after: int = 0, upto: int | None = None) -> list[Event]:
        """The events of a stream with `after < version <= upto`, in order; [] when unknown.

        Raises:
            RunArchived: they were moved to an archive.
        """
        ...

    async def log(self, *, after: int = 0, limit: int = 500) -> list[Event]:
        """Events of all streams with `position > after`, in order of position."""
        ...

    async def digests(self, *, after: int = 0, limit: int = 500) -> list[Digest]:
        """The digests of events with `position > after`, in order of position.

        They are computed from the stored bytes; those of archived events are as they were kept.
        """
        ...

    def inspect(self) -> AbstractContextManager[Inspection]:
        """Everything that is stored, at this instant, for an audit (in any one thread)."""
        ...

    def follow(self, *, after: int | Place = 0) -> AsyncIterator[Event]:
        """Every event after a position, once each and in order, for as long as one listens.

        Events of other processes are seen as well; those of archived runs are left out.

        Args:
            after: a position; or a place, which is checked before anything is followed.
        """
        ...

    async def log_id(self) -> str:
        """Identity of the log, given when it was made; a copy of it has the same."""
        ...

    async def check_place(self, place: Place) -> None:
        """See that the log still is the one that was followed up to a place.

        Raises:
            LogReplaced: it is another one, or was restored from an older backup.
        """
        ...

    async def backup(self, path: Path) -> int:
        """Copy everything, as it is at this instant, to a new file; its size in bytes.

        Others go on writing meanwhile.

        Raises:
            StoreError: the file exists, or cannot be written; nothing is left of it.
        """
        ...

    async def head(self, run: str) -> Head:
        """Where a stream ends (`Head()` when unknown), without reading its events."""
        ...

    async def entry(self, run: str) -> Entry | None:
        """A stream's row in the index."""
        ...

    async def entries(self, where: Filter | None = None) -> list[Entry]:
        """Rows of the index, ordered by run id (natural order: `order-2` before `order-10`)."""
        ...

    async def due(self, before: datetime, *, limit: int = 100) -> list[Timer]:
        """The timers due at or before an instant, earliest first."""
        ...

    async def next_due(self) -> datetime | None:
        """The earliest instant of any timer."""
        ...

    async def timers(self, run: str) -> list[Timer]:
        """The timers of one stream, earliest first."""
        ...

    async def command(self, command_id: str) -> tuple[str, int] | None:
        """Stream and version that a command id led to."""
        ...

    async def define(self, definition: Definition) -> None:
        """Keep a definition (the same hash twice is the same definition)."""
        ...

    async def definition(self, hash: str) -> Definition | None:  # noqa: A002  the field's name
        """The definition with this hash."""
        ...

    async def position(self) -> int:
        """Position of the last event of the log, 0 for an empty one."""
        ...

    async def snapshot(self, run: str, *, fold: str, upto: int | None = None) -> Snapshot | None:
        """The newest snapshot of a stream that code `fold` made, at version `upto` or before."""
        ...

    async def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot, and drop those that it makes superfluous. They are a cache."""
        ...

    async def drop_snapshots(self, run: str | None = None) -> None:
        """Forget the snapshots of one stream, or all."""
        ...

    async def archive(self, commit: Commit, runs: Mapping[str, Head], file: str) -> Appended:
        """Append a commit, and mark these runs as moved to a file: all of it or nothing.

        Nothing can be appended to them from here on, and `sweep` lets their events go.

        Raises:
            Conflict: the stream is not at `commit.head`, or a run not at its head, or it is not
                finished, or archived already.
        """
        ...

    async def sweep(self, runs: Sequence[str], *, limit: int) -> int:
        """Replace events of archived runs by their digests, oldest first; how many it were.

        Args:
            limit: at most so many, in one short transaction. Less than that: none is left.
        """
        ...

    async def unswept(self) -> list[str]:
        """The archived runs of which there are still events."""
        ...

    async def put_back(self, rows: Sequence[Raw]) -> None:
        """Put events of archived runs in the place of their digests.

        Raises:
            BadArchive: one of them is not what was archived there.
        """
        ...

    async def unarchive(
        self, commit: Commit, runs: Sequence[str], told: Sequence[Commit] = ()
    ) -> Appended:
        """Append a commit, and mark these runs as not archived any more: all of it or nothing.

        Args:
            told: what these runs are told at once; each follows the head of its run.

        Returns:
            the head of the commit, and the events of all, those of `told` last.

        Raises:
            Conflict: the stream is not at `commit.head`, or events of a run are missing.
        """
        ...

    def on_append(self, listener: Callable[[Sequence[Event]], None]) -> None:
        """Call `listener` on the loop with the events of each commit made through this store."""
        ...

    def acquire_worker(self) -> bool:
        """Try to become the one process that drives the runs of this store.

        Appending never needs this role: two writers of one stream meet at its head. It keeps
        two engines from doing the same work twice. It ends with the process, however that ends.

        Returns:
            True when the role is this store's (also when it already was), False when another
            store has it or this one is read-only.
        """
        ...

    def release_worker(self) -> None:
        """Give the role back, so that another process may drive the runs."""
        ...

    def post(self, board: Board) -> None:
        """Tell other processes what this worker does; without the role, nothing happens.

        Never fails: who cannot tell goes on working.
        """
        ...

    def worker(self) -> Seen | None:
        """What the process that has the worker's role tells of itself; None when nobody has it.

        Answered without disturbing anybody, by a read-only store as well.
        """
        ...

    async def close(self) -> None:
        """Finish what was accepted, then release threads, connections and locks."""
        ...
