"""The audit of a store: everything that it holds, against everything else that it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from interlock.audit.archives import Archives
from interlock.audit.aside import Aside
from interlock.audit.commits import Commands
from interlock.audit.finding import Finding, Findings
from interlock.audit.known import Known, ReadDefinition
from interlock.audit.repeated import repeats
from interlock.audit.stream import Stream
from interlock.store.contract import Timer
from interlock.store.inspection import Indexed, Inspection, Raw

Told = Callable[[int], None]
"""Is told how many events were looked at, from time to time."""

_OFTEN = 500


@dataclass(slots=True)
class Audited:
    """What an audit came to.

    Attributes:
        streams, events: how many were looked at.
        archived: how many runs are in archives: the digests of their events were looked at.
        elsewhere: how many of these archives are not where they were written any more.
        last: position of the last event of the log.
        seals, sealed: how many seals it was held against, and the last position they cover.
        locked: how many events are encrypted by a key that is not at hand; of these only the
            chain was looked at.
        findings: what is wrong.
    """

    streams: int = 0
    events: int = 0
    archived: int = 0
    elsewhere: int = 0
    last: int = 0
    seals: int = 0
    sealed: int = 0
    locked: int = 0
    findings: Findings = field(default_factory=Findings)

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings.count

    @property
    def first(self) -> Finding | None:
        """The first bad event, or what else was found first."""
        return self.findings.first


def audit(
    snapshot: Inspection,
    read: ReadDefinition,
    told: Told = lambda _: None,
    *,
    only: str = "",
    folder: Path | None = None,
) -> Audited:
    """Check every chain, gap, definition, index row, timer and command id of a store.

    Reads events as a stream: what it keeps in memory does not grow with their number. Each event
    is decoded and folded once.

    Args:
        read: reads a definition; see `Known`.
        told: is told of the progress.
        only: the one run that the snapshot shows.
        folder: where archives are now, if they were moved since.
    """
    return _Audit(snapshot, read, told, only, folder).run()


class _Audit:
    def __init__(
        self,
        snapshot: Inspection,
        read: ReadDefinition,
        told: Told,
        only: str,
        folder: Path | None,
    ) -> None:
        self._snapshot = snapshot
        self._folder = folder
        self._told = told
        self._done = Audited(last=snapshot.last)
        self._findings = self._done.findings
        self._known: dict[str, Known] = {}
        for definition in snapshot.definitions():
            self._known[definition.hash] = found = read(definition)
            if found.wrong:
                self._findings.add(
                    f"definition {definition.hash} of {definition.name!r}: {found.wrong}"
                )
        self._lacking: set[str] = set()
        self._commands = Commands(snapshot, self._findings)
        self._archives = Archives(snapshot, self._findings, only)
        self._entries: Aside[Indexed] = Aside(snapshot.entries(), lambda one: one.run)
        self._timers: Aside[Timer] = Aside(snapshot.timers(), lambda one: one.run)

    def run(self) -> Audited:
        wrong = ""
        try:
            self._look()
        except (TypeError, ValueError, AttributeError) as error:
            wrong = f"it was not looked at to the end: a value is of another type ({error})"
        for flaw in self._snapshot.flaws():
            if not repeats(flaw, self._findings.found):
                self._findings.add(flaw)
        if wrong:
            self._findings.add(wrong)
        self._told(self._done.events)
        return self._done

    def _look(self) -> None:
        for name, rows in groupby(self._snapshot.rows(), lambda raw: raw.stream):
            self._stream(name, rows)
        for indexed in self._entries.rest():
            self._without_events(indexed)
        for timer in self._timers.rest():
            self._stray(timer)
        self._commands.end()
        self._done.elsewhere = self._archives.check_files(self._folder)

    def _stream(self, name: str, rows: Iterator[Raw]) -> None:
        if name in self._archives:
            self._half_archived(name, rows)
            return
        looked = Stream(name, self._known, self._commands, self._findings)
        self._done.events += looked.follow(self._counted(rows))
        self._done.streams += 1
        self._done.locked += looked.locked
        self._commands.over(name, sound=looked.sound and not looked.locked)
        self._define(looked)
        mine = self._indexed(name)
        timers: list[Timer] = []
        for timer in self._timers.upto(name):
            if timer.run == name:
                timers.append(timer)
            else:
                self._stray(timer)
        looked.compare(mine, timers)

    def _half_archived(self, name: str, rows: Iterator[Raw]) -> None:
        """An archive was recorded, and the rows are leaving the log yet."""
        indexed = next(iter(self._indexed(name)), None)
        self._done.events += self._archives.check(name, indexed, rows)
        self._done.archived += 1
        self._commands.over(name, sound=False)

    def _indexed(self, name: str) -> list[Indexed]:
        mine: list[Indexed] = []
        for indexed in self._entries.upto(name):
            if indexed.run == name:
                mine.append(indexed)
            else:
                self._without_events(indexed)
        return mine

    def _counted(self, rows: Iterator[Raw]) -> Iterator[Raw]:
        for count, row in enumerate(rows, self._done.events + 1):
            if not count % _OFTEN:
                self._told(count)
            yield row

    def _define(self, looked: Stream) -> None:
        for key, event in looked.definitions.items():
            if key and key not in self._known and key not in self._lacking:
                self._lacking.add(key)
                self._findings.add(
                    f"definition {key} of {event.machine!r}, which event {event.version} of"
                    f" {event.stream!r} follows, is not stored",
                    event.stream,
                )

    def _without_events(self, indexed: Indexed) -> None:
        """A row of the index whose events are not in the log: they were archived, or removed."""
        if indexed.run in self._archives:
            self._archives.check(indexed.run, indexed)
            self._done.archived += 1
            return
        if self._archives.locked and indexed.entry is not None and indexed.entry.archive:
            self._archives.check_locked(indexed)
            self._done.archived += 1
            return
        head = indexed.head
        self._findings.add(
            f"the events of {indexed.run!r} are missing: it has a row in the index"
            f"{'' if head is None else f', and ends at {head.version}'}",
            indexed.run,
            1,
        )

    def _stray(self, timer: Timer) -> None:
        self._findings.add(
            f"timer {timer.name!r} is of {timer.run!r}, which has no events", timer.run
        )
