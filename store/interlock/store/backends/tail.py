"""Followers of the log: every event after a position, once and in order, as it is appended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from interlock.store.event import Event

PAGE = 500
"""How many events a follower reads at once."""

FIRST_POLL, LAST_POLL = 0.005, 0.25
"""Seconds between looks for events of other processes: doubled while none come."""


class Bell:
    """Wakes the followers of one store."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def ring(self) -> None:
        """Something was appended (or the store was closed)."""
        for event in self._waiting:
            event.set()

    def subscribe(self) -> asyncio.Event:
        """An event that is set by each ring until it is given to `leave`."""
        event = asyncio.Event()
        self._waiting.add(event)
        return event

    def leave(self, event: asyncio.Event) -> None:
        """Stop waking this follower."""
        self._waiting.discard(event)


async def follow(
    page: Callable[[int], Awaitable[list[Event]]], bell: Bell, *, after: int, poll: bool
) -> AsyncIterator[Event]:
    """Yield the events after a position for ever.

    Args:
        page: reads the next events after a position; raises when the store is closed.
        bell: rung when this process appended something.
        after: position of the last event that is not wanted.
        poll: also look without a ring, because other processes append too.
    """
    rung = bell.subscribe()
    delay = FIRST_POLL
    try:
        while True:
            rung.clear()  # before reading: what is appended after the read rings again
            events = await page(after)
            for event in events:
                yield event
                after = event.position
            if events:
                delay = FIRST_POLL
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(rung.wait(), delay if poll else None)
            delay = min(delay * 2, LAST_POLL)
    finally:
        bell.leave(rung)
