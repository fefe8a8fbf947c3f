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

from interlock.store.backends.sqlite.together import LARGE, Texts
from interlock.store.backends.sqlite.transaction import Outcome, Transaction
from interlock.store.clock import stopwatch
from interlock.store.contract import Appended
from interlock.store.errors import StoreClosed, StoreError
from interlock.store.event import Event
from interlock.store.prepared import Prepared

T = TypeVar("T")

MOST = 500
"""How many commits one transaction takes."""

MANY = 32
"""In flight: from so many on, half of them are written while the loop moves the others on."""

SLOW, SLOW_BATCH, SLOW_HERE = 0.001, 0.002, 0.004
"""Seconds: on a disk whose flushes take longer, the loop never waits for one. Handing over a whole
batch costs it more than one commit, so it waits longer for that, and still longer where the thread
has to wait for a processor."""

MOVE, WRITE = 75e-6, 30e-6
"""Seconds that a loop in full work takes to move a run on by a step, and to write a commit."""

HERE, HERE_FOR = 64, 64
"""Where the loop stands still for longer than it would take it to write the commits, because the
processors have other work as well, it writes so many of a turn itself, so many times."""

BATCH = 16
"""So many commits of one turn are a batch."""

CHECKPOINT_EVERY = 200
"""Pages written by the loop, about a quarter of them, before the thread may checkpoint."""

LONE_PAGES, BATCH_PAGES = 1000, 4000
"""Length of the write-ahead log, in pages of 4 KB, at which the thread checkpoints it. A short log
is soon written over instead of growing, which makes flushes cheaper; a long one lets batches
rewrite a page many times before it is moved."""

Ticket: TypeAlias = "tuple[Prepared, asyncio.Future[Outcome]]"
"""A commit that waits for its transaction, and who is told what became of it. Once that future is
cancelled, nobody wants the commit: it is left out unless it is being written."""


@dataclass(frozen=True, slots=True)
class Part:
    """Commits of one turn that are handed to the thread.

    Attributes:
        texts: the same for one statement. If it counts fewer commits, not all of them can be
            written by one.
    """

    tickets: list[Ticket]
    texts: Texts


@types.coroutine
def _next_turn() -> Generator[None]:
    """Let everybody else have their turn of the loop."""
    yield


class Writer:
    """Takes commits from one event loop and writes them, in order, by one thread at a time.

    Commits of one turn of the loop are collected: the first of them waits for the next turn, and
    writes them all. As long as they are few, flushes are fast and nothing is in flight, that
    happens on the loop: handing them over would cost as much again. Otherwise they go to the
    writer's thread, together with all that is handed over while it is busy.
    """

    def __init__(self, transaction: Transaction, tell: Callable[[Sequence[Event]], None]) -> None:
        self._transaction = transaction
        self._tell = tell
        self._collected: list[Ticket] = []
        self._texts = Texts()
        self._collecting = False  # somebody waits for the next turn
        self._handed: deque[Part] = deque()
        self._in_hand = 0  # commits that were handed over and are not settled
        self._lock = threading.Lock()
        self._signals: SimpleQueue[bool] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._average = SLOW_BATCH  # seconds of a flush; fast has to be shown first
        self._unchecked = 0
        self._handed_at = 0.0  # when the loop last gave something to the thread
        self._still = 0.0  # seconds from then until the thread was heard of, on average
        self._here_for = 0  # how many times more the loop writes many commits itself

    async def submit(self, prepared: Prepared) -> Appended:
        """Queue a commit, and wait for what becomes of it.

        Cancelled while it is queued, the commit is left out; after that it is written all the same.

        Raises:
            StoreClosed: the writer has stopped.
        """
        if self._stopped is not None:
            message = "the store was closed before the commit was queued"
            raise StoreClosed(message)
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._begin(loop)
        waiter: asyncio.Future[Outcome] = loop.create_future()
        self._collected.append((prepared, waiter))
        if self._in_hand:  # the thread will write this one too
            self._texts.add(prepared)
        if not self._collecting:
            self._collecting = True
            try:
                await _next_turn()
            except BaseException:
                waiter.cancel()
                raise
            finally:
                self._collecting = False
                self._flush()
        outcome = await waiter
        if isinstance(outcome, Appended):
            return outcome
        raise outcome

    def alone(self, act: Callable[[Transaction], T]) -> T:
        """Use the connection between two batches. Blocks: not for the loop."""
        with self._lock:
            return act(self._transaction)

    def try_alone(self, act: Callable[[], None]) -> None:
        """Do something with the connection now if nothing is being written; else leave it."""
        if self._lock.acquire(blocking=False):
            try:
                act()
            finally:
                self._lock.release()

    async def stop(self) -> None:
        """Write what is queued, then end the thread."""
        self._here_for = 0
        self._flush()
        self._stopped = asyncio.Event()
        if self._thread is not None:
            self._loop = asyncio.get_running_loop()
            self._signals.put(False)
            await self._stopped.wait()
            self._thread.join()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve this loop; nobody waits any more for what another one queued."""
        self._loop = loop
        self._collected, self._texts, self._collecting, self._in_hand = [], Texts(), False, 0

    def _flush(self) -> None:
        """The loop's turn is over: write its commits here, or hand them to the thread."""
        collected, texts = self._collected, self._texts
        if not collected or (self._here_for and self._in_hand):  # `_finish` will come back to them
            return
        self._collected, self._texts = [], Texts()
        tickets = [ticket for ticket in collected if not ticket[1].cancelled()]
        if tickets and not self._write_here(tickets):
            whole = len(tickets) == len(collected) == texts.commits
            self._hand_over(tickets, texts if whole else None)

    def _write_here(self, tickets: list[Ticket]) -> bool:
        """Write commits on the loop, if that takes it less than handing them over."""
        count = len(tickets)
        slow = SLOW if count < BATCH else SLOW_HERE if self._here_for else SLOW_BATCH
        fast = self._average < slow and self._unchecked < CHECKPOINT_EVERY
        if self._in_hand or count > (HERE if self._here_for else MANY - 1) or not fast:
            return False
        if not self._lock.acquire(blocking=False):
            return False
        if self._here_for and count >= BATCH:
            self._here_for -= 1
        try:
            self._unchecked += 1 + count // 8
            self._transaction.checkpoint_at(0)
            outcomes = self._write(tickets, patient=False)
        except sqlite3.OperationalError:  # another process is writing: wait in the thread
            return False
        except Exception as error:
            outcomes = _failed(tickets, error)
        finally:
            self._lock.release()
        self._settle(tickets, outcomes)
        return True

    def _hand_over(self, tickets: list[Ticket], texts: Texts | None) -> None:
        """Give commits to the thread, with their texts if these were made."""
        if self._thread is None:
            thread = threading.Thread(target=self._work, name="interlock-writer", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:
                self._settle(tickets, _failed(tickets, error))
                return
            self._thread = thread
        count = len(tickets)
        self._unchecked = 0
        self._in_hand += count
        share = self._share()
        if texts is not None and count <= share:
            self._handed.append(Part(tickets, texts))
        else:
            for first in range(0, count, share):
                some = tickets[first : first + share]
                self._handed.append(Part(some, Texts(prepared for prepared, _ in some)))
        self._signals.put(True)
        self._handed_at = stopwatch()

    def _share(self) -> int:
        """How many commits the thread takes: half of those in flight, if they are enough.

        While these are written, the loop moves the runs of the other half. On a slow disk the
        flush takes longer than that, and all are written at once.
        """
        if self._in_hand < MANY or self._average > self._in_hand * MOVE / 2:
            return MOST
        return min(MOST, (self._in_hand + 1) // 2)

    def _work(self) -> None:
        """The thread: after each signal, write until nothing is left."""
        go_on = True
        while go_on:
            go_on = self._signals.get()
            while self._handed:
                # nothing is kept here: the loop, which knows the commits, forgets them faster
                self._post(self._finish, *self._write_next())
        if self._stopped is not None:
            self._post(self._stopped.set)

    def _write_next(self) -> tuple[list[Ticket], list[Outcome] | int, int]:
        """Write what comes next: what `_finish` has to know. No failure may end the thread."""
        tickets: list[Ticket] = []
        wanted = tickets
        with self._lock:
            try:
                texts = self._take(tickets)
                wanted = [ticket for ticket in tickets if not ticket[1].cancelled()]
                lone = len(tickets) == 1  # by many statements it takes less
                self._transaction.checkpoint_at(LONE_PAGES if lone else BATCH_PAGES)
                if not lone and len(wanted) == len(tickets) == texts.commits:
                    first = self._transaction.commit_together(texts)
                    if first is not None:
                        return tickets, first, len(tickets)
                return wanted, self._write(wanted, patient=True), len(tickets)
            except Exception as error:
                return wanted, _failed(wanted, error), len(tickets)

    def _take(self, tickets: list[Ticket]) -> Texts:
        """The oldest part, and as many of the next ones as are written with it."""
        part, share = self._handed.popleft(), self._share()
        tickets += part.tickets
        texts = part.texts
        while (
            self._handed
            and len(tickets) + len(self._handed[0].tickets) <= share
            and len(texts.states) <= LARGE
        ):
            part = self._handed.popleft()
            tickets += part.tickets
            texts.extend(part.texts)
        return texts

    def _write(self, tickets: list[Ticket], *, patient: bool) -> list[Outcome]:
        """Write commits by many statements in a transaction. The lock is held.

        Raises:
            sqlite3.OperationalError: another process is writing, and not `patient`.
        """
        if not tickets:
            return []
        batch = [prepared for prepared, _ in tickets]
        outcomes = self._transaction.commit(batch, patient=patient)
        self._note_flush()
        return outcomes

    def _note_flush(self) -> None:
        took = min(self._transaction.flush_took, 5 * SLOW)  # a stall counts once
        self._average += (took - self._average) / 5

    def _finish(self, tickets: list[Ticket], became: list[Outcome] | int, taken: int) -> None:
        """The thread has written what it took. On the loop.

        Args:
            became: what became of each commit, or the position of the first event of them all.
            taken: how many commits were taken, the cancelled ones included.
        """
        if tickets and tickets[0][1].get_loop() is not self._loop:
            return  # a loop that was closed meanwhile had queued them
        self._in_hand -= taken
        self._note_still(taken)
        if isinstance(became, int):
            outcomes: list[Outcome] = []
            for prepared, _ in tickets:
                outcomes.append(prepared.stored(became))
                became += len(prepared.rows)
        else:
            outcomes = became
        self._settle(tickets, outcomes)
        if self._collected and not self._in_hand and not self._collecting:
            self._flush()

    def _note_still(self, taken: int) -> None:
        """See whether the loop would rather have written so many commits itself."""
        still = min(stopwatch() - self._handed_at, 2 * SLOW_HERE)
        self._still += (still - self._still) / 8
        itself = taken * WRITE + self._average
        if taken >= BATCH and self._average < SLOW_HERE and self._still > itself:
            self._here_for, self._still = HERE_FOR, 0.0
            self._average = min(self._average, SLOW)  # what was measured may be the processors'

    def _settle(self, tickets: list[Ticket], outcomes: list[Outcome]) -> None:
        """Say what became of commits, to the store and to those who wait. On the loop."""
        for (_, waiter), outcome in zip(tickets, outcomes, strict=True):
            if isinstance(outcome, Appended):
                self._tell(outcome.events)
            if not waiter.done():
                waiter.set_result(outcome)

    def _post(self, call: Callable[..., None], *args: object) -> None:
        loop = self._loop
        with suppress(RuntimeError):  # the loop was closed without closing the store
            if loop is not None:
                loop.call_soon_threadsafe(call, *args)


def _failed(tickets: list[Ticket], error: Exception) -> list[Outcome]:
    """What became of commits where writing failed in a way that no backend foresaw."""
    failure = StoreError(f"the writer failed: {error!r}")
    failure.__cause__ = error
    return [failure for _ in tickets]
