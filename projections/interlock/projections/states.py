"""The state of a run at any version, without folding all of its events each time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from interlock.projections.copying import copy_state
from interlock.projections.fold import evolve
from interlock.projections.run import RunState
from interlock.store.event import Event

_EVERY = 64
"""Events between two states that are kept, at first."""

_MOST = 256
"""States that are kept over the whole run; with more, every other one is given up."""

_FINE = 64
"""States that are kept within the stretch that somebody steps back through."""


class States:
    """Folds forward from the state it gave last, and back from the nearest one it kept.

    Going on by one event folds one event. Going back by one folds none, or few where the run is
    very long, once the stretch it happens in was folded again. What is kept is never folded on.
    """

    def __init__(self, events: Sequence[Event], since: RunState | None = None) -> None:
        """Of all events of a run; or of those after a state, which is kept as it is."""
        self._events = events
        self._since = since
        self.after = 0 if since is None else since.head.version
        self._now = None if since is None else copy_state(since)
        self._version = self.after
        self._every = _EVERY
        self._coarse: dict[int, RunState] = {}
        self._fine: dict[int, RunState] = {}

    def peek(self, version: int) -> RunState:
        """The state after the event of this version: to be read before the next call only."""
        base, kept = self._nearest(version)
        if kept is not None and base == version != self._version:
            return kept
        if self._version <= version and max(base, version - _EVERY) <= self._version:
            return self._forward(version, 0)
        back = version < self._version and base not in self._fine
        self._now, self._version = None if kept is None else copy_state(kept), base
        if not back:
            return self._forward(version, 0)
        self._fine.clear()
        return self._forward(version, max(1, (version - base) // _FINE))

    def copy(self, version: int) -> RunState:
        """The state after the event of this version, the caller's own."""
        return copy_state(self.peek(version))

    def _nearest(self, version: int) -> tuple[int, RunState | None]:
        """The last state at or before a version that was kept."""
        best = self.after, self._since
        for kept in (self._coarse, self._fine):
            versions = list(kept)  # in order: they are kept while folding forward
            place = bisect_right(versions, version)
            if place and versions[place - 1] > best[0]:
                best = versions[place - 1], kept[versions[place - 1]]
        return best

    def _forward(self, version: int, fine: int) -> RunState:
        """Fold up to a version; keep a state after every so many events, 0 for none."""
        state, start = self._now, self._version
        for event in self._events[max(0, start - self.after) : version - self.after]:
            self._now = state = evolve(state, event)
            self._version = event.version
            if event.version % self._every == 0 and event.version not in self._coarse:
                self._keep(event.version, state)
            if fine and (event.version - start) % fine == 0:
                self._fine[event.version] = copy_state(state)
        assert state is not None  # versions count from 1
        return state

    def _keep(self, version: int, state: RunState) -> None:
        self._coarse[version] = copy_state(state)
        if len(self._coarse) > _MOST:
            self._every *= 2
            self._coarse = {v: kept for v, kept in self._coarse.items() if v % self._every == 0}
