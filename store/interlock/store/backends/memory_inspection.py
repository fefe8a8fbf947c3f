"""A snapshot of the memory backend, for audits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from interlock.store.contract import Definition, Entry, Head, Timer
from interlock.store.digest import digest_of
from interlock.store.inspection import Accepted, Digest, Indexed, Raw
from interlock.store.prepared import Row


class MemoryInspection:
    """See `interlock.store.inspection.Inspection`."""

    def __init__(
        self,
        log_id: str,
        log: Sequence[Row | None],
        digests: Mapping[int, Digest],
        entries: dict[str, Entry],
        heads: dict[str, Head],
        timers: Sequence[Timer],
        commands: dict[str, tuple[str, int]],
        definitions: Sequence[Definition],
    ) -> None:
        self.log = log_id
        self.last = len(log)
        self.events = len(log) - len(digests)
        self._log = [*log]
        self._digests = dict(digests)
        self._entries = dict(entries)
        self._heads = dict(heads)
        self._timers = [*timers]
        self._commands = {key: Accepted(key, *where) for key, where in commands.items()}
        self._definitions = [*definitions]

    def rows(self, stream: str | None = None) -> Iterator[Raw]:
        """The events, by stream and version."""
        rows = (Raw(*row, at) for at, row in enumerate(self._log, 1) if row is not None)
        yield from sorted(row for row in rows if stream in (None, row.stream))

    def digests(self, after: int = 0) -> Iterator[Digest]:
        """The digests of events with `position > after`, by position."""
        for index in range(max(after, 0), len(self._log)):
            row = self._log[index]
            if row is None:
                yield self._digests[index]
            else:
                yield Digest(index + 1, row[0], row[1], digest_of(*row))

    def archived(self, stream: str) -> Iterator[Digest]:
        """The digests of a stream's archived events, by version."""
        found = (digest for digest in self._digests.values() if digest.stream == stream)
        yield from sorted(found, key=lambda one: one.version)

    def entries(self) -> Iterator[Indexed]:
        """All rows of the index, by run."""
        for run in sorted(self._entries):
            yield Indexed(run, self._entries[run], self._heads[run])

    def timers(self) -> Iterator[Timer]:
        """All timers, by run."""
        yield from sorted(self._timers, key=lambda timer: (timer.run, timer.name))

    def accepted(self) -> Iterator[Accepted]:
        """All command ids, by run and version."""
        yield from sorted(self._commands.values(), key=lambda one: (one.run, one.version))

    def command(self, command_id: str) -> Accepted | None:
        """Where a command id led."""
        return self._commands.get(command_id)

    def definitions(self) -> Iterator[Definition]:
        """All definitions, by hash."""
        yield from sorted(self._definitions, key=lambda one: one.hash)

    def flaws(self) -> Iterator[str]:
        """None: there is no storage that could be damaged."""
        yield from ()
