"""What all backends share: listeners, followers, and the refusal to work after `close`."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from interlock.store.backends.tail import PAGE, Bell, follow
from interlock.store.cipher import Cipher
from interlock.store.clock import Clock, SystemClock
from interlock.store.contract import Commit
from interlock.store.errors import LogReplaced, StoreClosed
from interlock.store.event import Event
from interlock.store.inspection import Digest
from interlock.store.place import Place
from interlock.store.prepared import Prepared, prepare


class Backend(ABC):
    """Base of the stores. See `interlock.store.contract.Store` for what each method promises.

    Attributes:
        url: what the store was opened with.
        clock: dates the ids of events.
        polls: whether other processes may append to the same log.
        cipher: encrypts what is stored; None where it is stored in plain.
        prelude: awaited before a commit is appended; what has to be in the log before it.
    """

    polls = False

    def __init__(self, url: str, clock: Clock | None) -> None:
        self.url = url
        self.clock: Clock = clock or SystemClock()
        self._bell = Bell()
        self._listeners: list[Callable[[Sequence[Event]], None]] = []
        self._closed = False
        self.cipher: Cipher | None = None
        self.prelude: Callable[[Commit], Awaitable[None]] | None = None

    def _prepare(self, commit: Commit) -> Prepared:
        """A commit made ready to be stored here."""
        return prepare(commit, self.clock.now(), self.cipher.id if self.cipher else "")

    def _check_open(self) -> None:
        if self._closed:
            message = f"the store {self.url} is closed"
            raise StoreClosed(message)

    def on_append(self, listener: Callable[[Sequence[Event]], None]) -> None:
        """Call `listener` on the loop with the events of each commit made through this store."""
        self._check_open()
        self._listeners.append(listener)

    def _tell(self, events: Sequence[Event]) -> None:
        """Events are durable: tell the listeners, and wake the followers."""
        for listener in self._listeners:
            try:
                listener(events)
            except Exception as error:  # the events are durable: the commit has not failed
                message = "a listener of the store failed"
                asyncio.get_running_loop().call_exception_handler(
                    {"message": message, "exception": error}
                )
        self._bell.ring()

    @abstractmethod
    async def log(self, *, after: int = 0, limit: int = 500) -> list[Event]:
        """Events of all streams with `position > after`, in order of position."""

    async def _page(self, after: int) -> list[Event]:
        return await self.log(after=after, limit=PAGE)

    @abstractmethod
    async def digests(self, *, after: int = 0, limit: int = 500) -> list[Digest]:
        """The digests of events with `position > after`, in order of position."""

    @abstractmethod
    async def log_id(self) -> str:
        """Identity of the log."""

    @abstractmethod
    async def position(self) -> int:
        """Position of the last event of the log, 0 for an empty one."""

    async def check_place(self, place: Place) -> None:
        """See that the log still is the one that was followed: see the contract."""
        log = await self.log_id()
        if log != place.log:
            message = f"{self.url} is the log {log}, and {place.log} was followed"
            raise LogReplaced(message, place.position)
        if not place.position:
            return
        found = await self.digests(after=place.position - 1, limit=1)
        if found and (found[0].position, found[0].digest) == (place.position, place.digest):
            return
        what = "has another event there" if found else f"ends at position {await self.position()}"
        message = (
            f"{self.url} was followed up to position {place.position}, but {what}: it was restored "
            "from an older backup. What was made of its events has to be made again from the first"
        )
        raise LogReplaced(message, place.position)

    def follow(self, *, after: int | Place = 0) -> AsyncIterator[Event]:
        """Every event after a position, once each and in order, for as long as one listens."""
        self._check_open()
        if isinstance(after, Place):
            return self._follow_on(after)
        return follow(self._page, self._bell, after=after, poll=self.polls)

    async def _follow_on(self, place: Place) -> AsyncIterator[Event]:
        await self.check_place(place)
        async for event in follow(self._page, self._bell, after=place.position, poll=self.polls):
            yield event
