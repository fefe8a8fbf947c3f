"""The writer: commits queued during one flush go into the next transaction (group commit)."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import types
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeAlias, TypeVar

from interlock.store.backends.sqlite.transaction import Outcome, Transaction
from interlock.store.contract import Appended
from interlock.store.errors import StoreError
from interlock.store.event import Event
from interlock.store.prepared import Prepared

T = TypeVar("T")

MOST = 500
"""How many commits one transaction takes."""

SLOW, SLOW_BATCH = 0.001, 0.002
"""Seconds: on a disk whose flushes take longer, the loop never waits for one. Handing over a whole
batch costs it more than one commit, so it waits longer for that."""

FEW = 64
"""How many commits the loop writes itself, on a fast disk; more go to the thread."""

CHECKPOINT_EVERY = 200
"""Pages written by the loop, about a quarter of them, before the thread may checkpoint."""


LONE_PAGES, BATCH_PAGES = 1000, 4000
"""Length of the write-ahead log, in pages of 4 KB, at which the thread checkpoints it. A short log
is soon written over instead of growing, which makes flushes cheaper; a long one lets batches
rewrite a page many times before it is moved."""


@dataclass(slots=True)
class Ticket:
    """One commit that waits for its transaction.

    Attributes:
        turn: of the loop, in which it was queued.
        outcome: what became of it, once that is known.
        waiter: done when the outcome is known; None while nobody waits for the thread.
        cancelled: nobody wants it any more, and it is left out if it is still queued.
    """

    prepared: Prepared
    turn: int
    outcome: Outcome | None = None
    waiter: asyncio.Future[None] | None = None
    cancelled: bool = False


@types.coroutine
def _next_turn() -> Generator[None]:
    """Let everybody else have their turn of the loop."""
    yield


Done: TypeAlias = "list[tuple[Ticket, Outcome]]"


class Writer:
    """Takes commits from one event loop and writes them, in order, by one thread at a time.

    Commits of one turn of the loop are collected: each of them waits for the next turn, and the
    first that gets it writes them all. The others find their outcome when it is their turn, so
    that nobody has to be woken. As long as flushes are fast and nothing is in
    flight, the loop writes them itself: handing them over would cost as much again. Otherwise,
    and when there are many, they go to the writer's thread, together with all that queues up
    while it is busy.
    """

    def __init__(self, transaction: Transaction, tell: Callable[[Sequence[Event]], None]) -> None:
        self._transaction = transaction
        self._tell = tell
        self._queue: deque[Ticket] = deque()
        self._lock = threading.Lock()
        self._signals: SimpleQueue[bool] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._turn = 0
        self._average = SLOW_BATCH  # seconds of a flush; fast has to be shown first
        self._unchecked = 0

    async def submit(self, prepared: Prepared) -> Appended:
        """Queue a commit, and wait for what becomes of it.

        Cancelled while it is queued, the commit is left out; after that it is written all the same.
        """
        self._loop = self._loop or asyncio.get_running_loop()
        ticket = Ticket(prepared, self._turn)
        self._queue.append(ticket)
        try:
            await _next_turn()
            if ticket.turn == self._turn:
                self._flush()
            if ticket.outcome is None:
                ticket.waiter = self._loop.create_future()
                await ticket.waiter
        except BaseException:
            ticket.cancelled = True
            raise
        outcome = ticket.outcome
        if isinstance(outcome, Appended):
            return outcome
        assert outcome is not None  # the waiter is done when it is known
        raise outcome

    def alone(self, act: Callable[[Transaction], T]) -> T:
        """Use the connection between two batches. Blocks: not for the loop."""
        with self._lock:
            return act(self._transaction)

    async def stop(self) -> None:
        """Write what is queued, then end the thread."""
        if self._thread is None and not self._queue:
            return
        self._stopped = asyncio.Event()
        self._signal(go_on=False)
        await self._stopped.wait()
        if self._thread is not None:
            self._thread.join()

    def _flush(self) -> None:
        """The loop's turn is over: write its commits here, or wake the thread."""
        self._turn += 1
        if not self._queue:
            return
        slow = SLOW if len(self._queue) < FEW // 4 else SLOW_BATCH
        fast = self._average < slow and self._unchecked < CHECKPOINT_EVERY
        if fast and len(self._queue) <= FEW and self._lock.acquire(blocking=False):
            try:
                self._unchecked += 1 + len(self._queue) // 8
                done = self._write(patient=False)
            except sqlite3.OperationalError:  # another process is writing: wait in the thread
                self._signal()
                return
            finally:
                self._lock.release()
            self._settle(done)
        else:
            self._unchecked = 0
            self._signal()

    def _signal(self, *, go_on: bool = True) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="interlock-writer", daemon=True)
            self._thread.start()
        self._signals.put(go_on)

    def _work(self) -> None:
        """The thread: after each signal, write until nothing is queued."""
        go_on = True
        while go_on:
            go_on = self._signals.get()
            while self._queue:
                with self._lock:
                    done = self._write(patient=True)
                self._post(self._settle, done)
        if self._stopped is not None:
            self._post(self._stopped.set)

    def _settle(self, done: Done) -> None:
        """Note what became of commits, tell the store, and wake those who wait. On the loop."""
        for ticket, outcome in done:
            ticket.outcome = outcome
            if isinstance(outcome, Appended):
                self._tell(outcome.events)
            if ticket.waiter is not None and not ticket.waiter.done():
                ticket.waiter.set_result(None)

    def _post(self, call: Callable[..., None], *args: Done) -> None:
        with suppress(RuntimeError):  # the loop was closed without closing the store
            if self._loop is not None:
                self._loop.call_soon_threadsafe(call, *args)

    def _write(self, *, patient: bool) -> Done:
        """Write the next batch. The lock is held."""
        batch: list[Ticket] = []
        while self._queue and len(batch) < MOST:
            ticket = self._queue.popleft()
            if not ticket.cancelled:
                batch.append(ticket)
        if not batch:
            return []
        try:
            outcomes = self._attempt(batch, patient=patient)
        except sqlite3.OperationalError:
            self._queue.extendleft(reversed(batch))
            raise
        took = min(self._transaction.flush_took, 4 * SLOW)  # a stall counts once
        self._average += (took - self._average) / 5
        return list(zip(batch, outcomes, strict=True))

    def _attempt(self, batch: list[Ticket], *, patient: bool) -> list[Outcome]:
        """Write a batch; in the thread no failure may end the thread."""
        prepared = [ticket.prepared for ticket in batch]
        try:
            pages = 0 if not patient else LONE_PAGES if len(batch) == 1 else BATCH_PAGES
            self._transaction.checkpoint_at(pages)
            return self._transaction.commit(prepared, patient=patient)
        except Exception as error:
            if not patient and isinstance(error, sqlite3.OperationalError):
                raise
            failure = StoreError(f"the writer failed: {error!r}")
            failure.__cause__ = error
            return [failure for _ in batch]
