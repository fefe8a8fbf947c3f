"""Those who wait for the end of a run."""

from __future__ import annotations

import asyncio

from interlock.projections import RunState


class Waiters:
    """Futures of the last states of runs, done when this engine has recorded their ends."""

    def __init__(self) -> None:
        self._table: dict[str, list[asyncio.Future[RunState]]] = {}

    def __contains__(self, run: str) -> bool:
        return run in self._table

    def add(self, run: str) -> asyncio.Future[RunState]:
        """A future of a run's last state."""
        waiter: asyncio.Future[RunState] = asyncio.get_running_loop().create_future()
        self._table.setdefault(run, []).append(waiter)
        return waiter

    def forget(self, run: str, waiter: asyncio.Future[RunState]) -> None:
        """Nobody waits for this future any more."""
        waiters = self._table.get(run)
        if waiters is not None and waiter in waiters:
            waiters.remove(waiter)
            if not waiters:
                del self._table[run]

    def tell(self, state: RunState) -> None:
        """What a run has come to; nobody is told before it has ended."""
        if state.ended is not None and not state.pending:
            for waiter in self._table.pop(state.run, ()):
                if not waiter.done():
                    waiter.set_result(state)

    def fail(self, error: Exception) -> None:
        """Nobody will be told any more, and why."""
        for waiters in self._table.values():
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_exception(error)
