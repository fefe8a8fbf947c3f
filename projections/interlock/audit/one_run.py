"""What a store holds of one run, as far as an audit of it asks."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.store.contract import Definition, Timer
from interlock.store.inspection import Accepted, Digest, Indexed, Inspection, Raw


class OneRun:
    """A snapshot that shows one stream alone; see `interlock.store.inspection.Inspection`."""

    def __init__(self, snapshot: Inspection, run: str) -> None:
        self._whole = snapshot
        self._run = run
        self.log = snapshot.log
        self.events = self.last = next(
            (one.head.version for one in self.entries() if one.head is not None), 0
        )

    def rows(self, stream: str | None = None) -> Iterator[Raw]:
        """Its events."""
        return self._whole.rows(self._run if stream is None else stream)

    def digests(self, after: int = 0) -> Iterator[Digest]:
        """Those of the whole log."""
        return self._whole.digests(after)

    def archived(self, stream: str) -> Iterator[Digest]:
        """The digests of its archived events."""
        return self._whole.archived(stream)

    def entries(self) -> Iterator[Indexed]:
        """Its row of the index."""
        return (one for one in self._whole.entries() if one.run == self._run)

    def timers(self) -> Iterator[Timer]:
        """Its timers."""
        return (one for one in self._whole.timers() if one.run == self._run)

    def accepted(self) -> Iterator[Accepted]:
        """Its command ids."""
        return (one for one in self._whole.accepted() if one.run == self._run)

    def command(self, command_id: str) -> Accepted | None:
        """Where a command id led."""
        return self._whole.command(command_id)

    def definitions(self) -> Iterator[Definition]:
        """All definitions."""
        return self._whole.definitions()

    def flaws(self) -> Iterator[str]:
        """None of its own."""
        yield from ()
