"""Snapshots of long runs: taken by the worker now and then, so that they load fast."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from interlock.projections import RunState
from interlock.projections.snapshot import snapshot_of
from interlock.store.errors import StoreError
from interlock.store.snapshot import SPACED, Snapshot

if TYPE_CHECKING:
    from interlock.engine.core import Core
    from interlock.engine.session import Session

EVERY = 500
"""Events after which a run is worth another snapshot."""

BYTES = 1_000
"""Bytes of a snapshot for which a run has to grow by one more event: those of a run that holds
much would else be more than its events."""

log = logging.getLogger("interlock.engine")


class Snapshots:
    """Takes them. They are a cache: without any of them everything is the same, and slower."""

    def __init__(self, engine: Core) -> None:
        self._engine = engine

    def note(self, session: Session) -> None:
        """A session has appended, or was loaded: take a snapshot if it is time for one."""
        if session.version < session.snapshot_at or not self._engine.driving:
            return
        snapshot = snapshot_of(session.state)
        size = 0 if snapshot is None else len(snapshot.state)
        session.snapshot_at = session.version + max(EVERY, size // BYTES)
        if snapshot is not None and not self._engine.closing:
            self._engine.spawn(self._keep(snapshot))

    async def passing(self, state: RunState) -> None:
        """A long run is loaded, and has come so far: some of what it was is kept, too."""
        if self._engine.driving and not state.head.version % SPACED:
            snapshot = snapshot_of(state)
            if snapshot is not None:
                await self._keep(snapshot)

    async def _keep(self, snapshot: Snapshot) -> None:
        try:
            await self._engine.store.keep_snapshot(snapshot)
        except StoreError as error:  # it does without
            log.debug("a snapshot of run %s was not kept: %s", snapshot.run, error)
