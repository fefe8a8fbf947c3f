"""Calls that wait in this process for something that is not an instant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interlock.engine.gates.permit import Who


class Parking:
    """Parked calls have no task: their runs are woken when it is their turn.

    Attributes:
        parked: calls that are not to be made now.
    """

    def __init__(self, wake: Callable[[str], None]) -> None:
        self.parked: set[Who] = set()
        self._wake = wake
        self._called: dict[str, dict[str, tuple[Any, Callable[[], None]]]] = {}

    def park(self, who: Who) -> None:
        """Let a call wait until it is called."""
        self.parked.add(who)

    def call(self, who: Who, thing: Any, give_back: Callable[[], None]) -> None:
        """It is this call's turn; `thing` is kept for it until its run has been driven."""
        self.parked.discard(who)
        self._called.setdefault(who[0], {})[who[1]] = (thing, give_back)
        self._wake(who[0])

    def claim(self, who: Who) -> Any:
        """What is kept for a call, None for nothing."""
        kept = self._called.get(who[0])
        if kept is None or who[1] not in kept:
            return None
        thing, _ = kept.pop(who[1])
        if not kept:
            del self._called[who[0]]
        return thing

    def driven(self, run: str) -> None:
        """A run was driven as far as it goes: what its calls did not claim goes to others."""
        for _, give_back in self._called.pop(run, {}).values():
            give_back()
