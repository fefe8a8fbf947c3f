"""Calls that wait in this process for something that is not an instant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interlock.engine.gates.permit import Who


class Parking:
    """Parked calls have no task: their runs are woken when it is their turn.

    Attributes:
        parked: calls that are not to be made now, and how each leaves the queue it stands in.
        by: what each of them waits for, such as `bulkhead models`.
        runs: the activities of those, by run.
        called: what is kept for those that have just been called out of queues, by run.
    """

    def __init__(self, wake: Callable[[str], None]) -> None:
        self.parked: dict[Who, Callable[[Who], None]] = {}
        self._wake = wake
        self.by: dict[Who, str] = {}
        self.runs: dict[str, set[str]] = {}
        self.called: dict[str, dict[str, tuple[Any, Callable[[], None]]]] = {}

    def park(self, who: Who, leave: Callable[[Who], None], by: str) -> None:
        """Let a call wait until it is called, or until its run does not want it: then it leaves."""
        self.parked[who] = leave
        self.by[who] = by
        self.runs.setdefault(who[0], set()).add(who[1])

    def call(self, who: Who, thing: Any, give_back: Callable[[], None]) -> None:
        """It is this call's turn; `thing` is kept for it until its run has been driven."""
        self._forget(who)
        self.called.setdefault(who[0], {})[who[1]] = (thing, give_back)
        self._wake(who[0])

    def claim(self, who: Who) -> Any:
        """What is kept for a call, None for nothing."""
        kept = self.called.get(who[0])
        if kept is None or who[1] not in kept:
            return None
        thing, _ = kept.pop(who[1])
        if not kept:
            del self.called[who[0]]
        return thing

    def wanted(self, run: str, wanted: Callable[[str], bool]) -> None:
        """Of a run, only these activities are still to be made: the others leave their queues."""
        for activity in [a for a in self.runs.get(run, ()) if not wanted(a)]:
            who = run, activity
            leave = self.parked[who]
            self._forget(who)
            leave(who)
        for activity in [a for a in self.called.get(run, ()) if not wanted(a)]:
            self.called[run].pop(activity)[1]()

    def driven(self, run: str) -> None:
        """A run was driven as far as it goes: what its calls did not claim goes to others."""
        for _, give_back in self.called.pop(run, {}).values():
            give_back()

    def _forget(self, who: Who) -> None:
        if self.parked.pop(who, None) is None:
            return
        del self.by[who]
        mine = self.runs[who[0]]
        mine.discard(who[1])
        if not mine:
            del self.runs[who[0]]
