"""The runs that are in memory now: those that somebody holds, and a few long ones that wait."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from interlock.engine.session import Session
from interlock.engine.snapshots import EVERY, Snapshots
from interlock.projections import find_state
from interlock.store.clock import Clock
from interlock.store.contract import Store

LONG = 200
"""Events of a run that takes a while to load."""

KEPT = 16
"""How many of those stay in memory while they wait, the latest: one that is moved again and again
would be loaded each time."""


class Sessions:
    """One session a run, loaded when first wanted, forgotten when nobody holds it any more."""

    def __init__(
        self, store: Store, clock: Clock, drives: Callable[[], bool], snapshots: Snapshots
    ) -> None:
        self._store = store
        self._clock = clock
        self._drives = drives
        self._snapshots = snapshots
        self._table: dict[str, Session] = {}
        self._loading: dict[str, asyncio.Task[Session]] = {}
        self._noticed: dict[str, int] = {}  # versions that came to runs while they were loaded
        self._held: dict[str, int] = {}  # how often
        self._kept: OrderedDict[str, Session] = OrderedDict()

    def hold(self, run: str) -> None:
        """Keep the run's session in memory until as many calls of `release`."""
        self._held[run] = self._held.get(run, 0) + 1
        session = self._kept.pop(run, None)
        if session is not None and not session.broken:
            self._table[run] = session

    def release(self, run: str) -> None:
        """Undo one `hold`."""
        held = self._held[run] = self._held[run] - 1
        if held <= 0:
            del self._held[run]
            session = self._table.pop(run, None)
            if session is None:
                return
            if self._is_kept(session):
                self._kept[run] = session
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            else:
                session.mover = None  # no circle: what is over is freed at once

    def _is_kept(self, session: Session) -> bool:
        """Whether a run is long and goes on; only the worker hears what others append to it."""
        if session.broken or session.version < LONG or not self._drives():
            return False
        return session.state.ended is None

    def cached(self, run: str) -> Session | None:
        """The run's session if it is in memory and not broken."""
        session = self._table.get(run)
        return None if session is None or session.broken else session

    async def get(self, run: str, *, new: bool = False) -> Session:
        """The run's session; loaded from the log when it is not in memory, or was broken.

        A run that does not exist gives a session without state. With `new` a run that is not in
        memory is taken for one: if it is not, the first append meets a conflict, and breaks it.
        """
        session = self._table.get(run) or self._kept.get(run)
        if session is not None and not session.broken:
            return session
        if new and session is None and run not in self._loading:
            session = self._table[run] = Session(run, None, self._store, self._clock, self._drives)
            return session
        loading = self._loading.get(run)
        if loading is None or loading.done():  # what it loaded is outdated already
            loading = asyncio.ensure_future(self._load(run))
            self._loading[run] = loading
            loading.add_done_callback(partial(self._loaded, run))
        return await asyncio.shield(loading)

    def _loaded(self, run: str, loading: asyncio.Task[Session]) -> None:
        if self._loading.get(run) is loading:
            del self._loading[run]

    async def _load(self, run: str) -> Session:
        while True:
            state, since = await find_state(self._store, run, passed=self._snapshots.passing)
            if self._noticed.pop(run, 0) <= (0 if state is None else state.head.version):
                break
        session = Session(run, state, self._store, self._clock, self._drives)
        session.snapshot_at = since + EVERY
        self._snapshots.note(session)
        if run in self._held:
            self._table[run] = session
        return session

    def outdated(self, run: str, version: int) -> bool:
        """Note that the log has a version; True when the run in memory is behind it."""
        if run in self._loading:
            self._noticed[run] = version
        session = self._table.get(run) or self._kept.get(run)
        if session is None or session.version >= version:
            return False
        session.broken = True
        return True

    def __len__(self) -> int:
        return len(self._table)
