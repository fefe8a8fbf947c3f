"""`FaultyStore`: a store in front of another one, between which things go wrong as planned."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import NoReturn, TypeVar
from weakref import WeakKeyDictionary

from interlock.store.backends.base import Backend
from interlock.store.board import Board, Seen
from interlock.store.contract import Appended, Commit, Definition, Entry, Filter, Head, Store, Timer
from interlock.store.errors import (
    AnswerLost,
    Conflict,
    DuplicateCommand,
    RunArchived,
    StoreBusy,
    StoreClosed,
)
from interlock.store.event import Event
from interlock.store.inspection import Digest, Inspection, Raw
from interlock.store.place import Place
from interlock.store.snapshot import Snapshot
from interlock.testing.fault import Fault, FaultKind, Plan, listed

T = TypeVar("T")

_workers: WeakKeyDictionary[Store, FaultyStore] = WeakKeyDictionary()
"""Which of the wrappers of a store drives its runs: each stands for a process."""


class FaultyStore(Backend):
    """Passes every call on to a store, with faults at the calls that a plan names.

    Each wrapper stands for one process that uses the store: of several wrappers of one store a
    single one has the worker's role, and after a crash a new wrapper is the process that is
    started again, which finds what was kept.

    Attributes:
        inner: the store that keeps everything.
        happened: the faults so far, in order.
        acknowledged: the events of the commits whose answer arrived here.
        calls: how often each method was called.
        crashed: whether the process that it stands for has died: every call is refused.
        on_their_way: the late requests that have not arrived yet.
        on_crash: called instead of refusing the calls after a crash, if it is set; what it
            returns is awaited, and never has to return.
    """

    def __init__(
        self, inner: Store, faults: Sequence[Fault] | Plan = (), *, rival: bool = False
    ) -> None:
        """Put faults in front of a store.

        Args:
            inner: any store. It is closed with this one, but not by a crash.
            faults: what goes wrong, or a function that says so of each call; see `Chances`.
            rival: take the worker's role whoever has it, so that two engines do the same work:
                the contract asks that nothing but that happens.
        """
        super().__init__(inner.url, None)
        self.inner = inner
        self.polls = True
        self.happened: list[Fault] = []
        self.acknowledged: list[Event] = []
        self.calls: Counter[str] = Counter()
        self.crashed = False
        self.on_crash: Callable[[], Awaitable[None]] | None = None
        self._plan: Plan = faults if callable(faults) else listed(faults)
        self._rival = rival
        self.on_their_way: set[asyncio.Task[None]] = set()

    def heal(self) -> None:
        """Nothing goes wrong from here on."""
        self._plan = listed(())

    async def crash(self) -> NoReturn:
        """Let the process die here: what was kept is kept, and nothing is done any more.

        Raises:
            StoreClosed: as every call from here on.
        """
        self.release_worker()
        self.crashed = True
        if self.on_crash is not None:
            await self.on_crash()
        raise StoreClosed(self._dead())

    def _dead(self) -> str:
        return f"the process that used {self.url} has died: wrap the store again to go on"

    def _check_open(self) -> None:
        if self.crashed:
            raise StoreClosed(self._dead())
        super()._check_open()

    # What goes wrong

    async def _through(self, call: str, make: Callable[[], Awaitable[T]]) -> T:
        """Make a call that changes no stream."""
        self._check_open()
        for fault in self._faults(call):
            await self._before(fault)
        return await make()

    def _faults(self, call: str) -> Sequence[Fault]:
        self.calls[call] += 1
        return self._plan(call, self.calls[call])

    async def _before(self, fault: Fault) -> None:
        if fault.kind not in ("refuse", "delay", "crash before"):
            return
        self.happened.append(fault)
        if fault.kind == "delay":
            await asyncio.sleep(fault.by.total_seconds())
            self._check_open()
        elif fault.kind == "refuse":
            message = f"{self.url} is busy ({fault})"
            raise StoreBusy(message)
        else:
            await self.crash()

    async def _write(
        self, call: str, commit: Commit, make: Callable[[], Awaitable[Appended]]
    ) -> Appended:
        """Make a call that appends a commit."""
        self._check_open()
        if self.prelude is not None:
            await self.prelude(commit)
        faults: dict[FaultKind, Fault] = {fault.kind: fault for fault in self._faults(call)}
        for fault in faults.values():
            await self._before(fault)
        self._lost(faults, "lose request", commit)
        if "late" in faults:
            task = asyncio.get_running_loop().create_task(self._later(faults["late"], make))
            self.on_their_way.add(task)
            task.add_done_callback(self.on_their_way.discard)
            self._lost(faults, "late", commit)
        appended = await make()
        if "repeat" in faults:
            self.happened.append(faults["repeat"])
            await self._again(commit, make)
        if "crash after" in faults:
            self.happened.append(faults["crash after"])
            await self.crash()
        self._lost(faults, "lose answer", commit)
        if "slow answer" in faults:
            self.happened.append(faults["slow answer"])
            await asyncio.sleep(faults["slow answer"].by.total_seconds())
        self._check_open()
        self.acknowledged.extend(appended.events)
        self._tell(appended.events)
        return appended

    def _lost(self, faults: Mapping[FaultKind, Fault], kind: FaultKind, commit: Commit) -> None:
        if kind in faults:
            self.happened.append(faults[kind])
            raise AnswerLost(commit.entry.run, commit.head.version)

    async def _later(self, fault: Fault, make: Callable[[], Awaitable[Appended]]) -> None:
        """A request that is still on its way arrives; the one who sent it has given it up."""
        await asyncio.sleep(fault.by.total_seconds())
        if not self.crashed:
            await _heard_by_nobody(make)

    async def _again(self, commit: Commit, make: Callable[[], Awaitable[Appended]]) -> None:
        if not await _heard_by_nobody(make):
            return
        stream, version = commit.entry.run, commit.head.version
        message = f"the store kept a commit of {stream!r} after version {version} twice"
        raise AssertionError(message)

    # Appending

    async def append(self, commit: Commit) -> Appended:
        """Append one commit: see the contract."""
        return await self._write("append", commit, lambda: self.inner.append(commit))

    async def archive(self, commit: Commit, runs: Mapping[str, Head], file: str) -> Appended:
        """Append a commit, and mark these runs as moved to a file: see the contract."""
        return await self._write("archive", commit, lambda: self.inner.archive(commit, runs, file))

    async def unarchive(
        self, commit: Commit, runs: Sequence[str], told: Sequence[Commit] = ()
    ) -> Appended:
        """Append a commit, and mark these runs as not archived any more: see the contract."""
        return await self._write(
            "unarchive", commit, lambda: self.inner.unarchive(commit, runs, told)
        )

    # Reading

    async def read(self, stream: str, *, after: int = 0, upto: int | None = None) -> list[Event]:
        """The events of a stream with `after < version <= upto`, in order."""
        return await self._through("read", lambda: self.inner.read(stream, after=after, upto=upto))

    async def log(self, *, after: int = 0, limit: int = 500) -> list[Event]:
        """Events of all streams with `position > after`, in order of position."""
        return await self._through("log", lambda: self.inner.log(after=after, limit=limit))

    async def digests(self, *, after: int = 0, limit: int = 500) -> list[Digest]:
        """The digests of events with `position > after`, in order of position."""
        return await self._through("digests", lambda: self.inner.digests(after=after, limit=limit))

    async def head(self, run: str) -> Head:
        """Where a stream ends."""
        return await self._through("head", lambda: self.inner.head(run))

    async def entry(self, run: str) -> Entry | None:
        """A stream's row in the index."""
        return await self._through("entry", lambda: self.inner.entry(run))

    async def entries(self, where: Filter | None = None) -> list[Entry]:
        """Rows of the index, in the natural order of run ids."""
        return await self._through("entries", lambda: self.inner.entries(where))

    async def due(self, before: datetime, *, limit: int = 100) -> list[Timer]:
        """The timers due at or before an instant, earliest first."""
        return await self._through("due", lambda: self.inner.due(before, limit=limit))

    async def next_due(self) -> datetime | None:
        """The earliest instant of any timer."""
        return await self._through("next_due", self.inner.next_due)

    async def timers(self, run: str) -> list[Timer]:
        """The timers of one stream, earliest first."""
        return await self._through("timers", lambda: self.inner.timers(run))

    async def command(self, command_id: str) -> tuple[str, int] | None:
        """Stream and version that a command id led to."""
        return await self._through("command", lambda: self.inner.command(command_id))

    async def position(self) -> int:
        """Position of the last event of the log."""
        return await self._through("position", self.inner.position)

    async def log_id(self) -> str:
        """Identity of the log."""
        return await self._through("log_id", self.inner.log_id)

    async def check_place(self, place: Place) -> None:
        """See that the log still is the one that was followed: see the contract."""
        await self._through("check_place", lambda: self.inner.check_place(place))

    def follow(self, *, after: int | Place = 0) -> AsyncIterator[Event]:
        """Every event after a position, once each and in order; without faults."""
        self._check_open()
        return self.inner.follow(after=after)

    def inspect(self) -> AbstractContextManager[Inspection]:
        """Everything that is stored, at this instant; without faults."""
        self._check_open()
        return self.inner.inspect()

    # What is kept beside the log

    async def define(self, definition: Definition) -> None:
        """Keep a definition."""
        await self._through("define", lambda: self.inner.define(definition))

    async def definition(self, hash: str) -> Definition | None:  # noqa: A002  the field's name
        """The definition with this hash."""
        return await self._through("definition", lambda: self.inner.definition(hash))

    async def snapshot(self, run: str, *, fold: str, upto: int | None = None) -> Snapshot | None:
        """The newest snapshot of a stream that code `fold` made."""
        return await self._through(
            "snapshot", lambda: self.inner.snapshot(run, fold=fold, upto=upto)
        )

    async def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot."""
        await self._through("keep_snapshot", lambda: self.inner.keep_snapshot(snapshot))

    async def drop_snapshots(self, run: str | None = None) -> None:
        """Forget the snapshots of one stream, or all."""
        await self._through("drop_snapshots", lambda: self.inner.drop_snapshots(run))

    async def sweep(self, runs: Sequence[str], *, limit: int) -> int:
        """Replace events of archived runs by their digests: see the contract."""
        return await self._through("sweep", lambda: self.inner.sweep(runs, limit=limit))

    async def unswept(self) -> list[str]:
        """The archived runs of which there are still events."""
        return await self._through("unswept", self.inner.unswept)

    async def put_back(self, rows: Sequence[Raw]) -> None:
        """Put events of archived runs in the place of their digests: see the contract."""
        await self._through("put_back", lambda: self.inner.put_back(rows))

    async def backup(self, path: Path) -> int:
        """Copy everything to a new file: see the contract."""
        return await self._through("backup", lambda: self.inner.backup(path))

    # The worker's role

    def acquire_worker(self) -> bool:
        """Try to become the one wrapper that drives the runs of this store."""
        self._check_open()
        holder = _workers.get(self.inner)
        if holder is not None and holder is not self and not self._rival:
            return False
        if not self.inner.acquire_worker():
            return False
        _workers[self.inner] = self
        return True

    def release_worker(self) -> None:
        """Give the role back."""
        if _workers.get(self.inner) is self:
            del _workers[self.inner]
            self.inner.release_worker()

    def post(self, board: Board) -> None:
        """Tell other processes what this worker does."""
        if _workers.get(self.inner) is self:
            self.inner.post(board)

    def worker(self) -> Seen | None:
        """What the process that has the worker's role tells of itself."""
        self._check_open()
        return self.inner.worker()

    async def close(self) -> None:
        """Close the store inside, and refuse every further call; late requests are lost."""
        for task in [*self.on_their_way]:
            task.cancel()
        self.release_worker()
        if not self._closed:
            self._closed = True
            await self.inner.close()


async def _heard_by_nobody(make: Callable[[], Awaitable[Appended]]) -> bool:
    """Let a request arrive whose answer nobody waits for; whether it was kept."""
    try:
        await make()
    except (Conflict, DuplicateCommand, RunArchived, StoreClosed):
        return False
    return True
