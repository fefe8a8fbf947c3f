"""A lock that costs next to nothing where nobody else wants it."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType


class Turn:
    """Whose turn it is; the others are served in the order in which they came.

    As `asyncio.Lock`, but a turn is handed to the next one, so that nobody comes in between; and
    `take` is a plain call, for those who pass here at every step.
    """

    __slots__ = ("_taken", "_waiting")

    def __init__(self) -> None:
        self._taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take(self) -> bool:
        """Take the turn if it is free."""
        if self._taken:
            return False
        self._taken = True
        return True

    async def wait(self) -> None:
        """Wait for the turn, and take it."""
        if self.take():
            return
        mine = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if not mine.cancelled():  # it was handed over already
                self.release()
            raise

    def release(self) -> None:
        """Hand the turn on."""
        while self._waiting:
            following = self._waiting.popleft()
            if not following.cancelled():
                following.set_result(None)
                return
        self._taken = False

    async def __aenter__(self) -> None:
        await self.wait()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
