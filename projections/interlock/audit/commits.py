"""Command ids: each has led to the end of a commit, whose events name it as their cause."""

from __future__ import annotations

from uuid import UUID

from interlock.audit.aside import Aside
from interlock.audit.finding import Findings
from interlock.store.event import Event
from interlock.store.inspection import Accepted, Inspection


class Commands:
    """All command ids of a store, looked at stream by stream."""

    def __init__(self, snapshot: Inspection, findings: Findings) -> None:
        self._snapshot = snapshot
        self._findings = findings
        self._rows = Aside(snapshot.accepted(), lambda one: (one.run, one.version))

    def ended(self, last: Event, first_cause: str, causes: set[str]) -> None:
        """A commit ended with this event; its first one and all of them name these causes."""
        matched = False
        for row in self._rows.upto((last.stream, last.version)):
            at_end = (row.run, row.version) == (last.stream, last.version)
            if not at_end or row.id not in causes:
                self._astray(row)
            matched = matched or row.id == first_cause
        if first_cause and not matched:
            self._unknown(first_cause, last)

    def _unknown(self, cause: str, last: Event) -> None:
        found = self._snapshot.command(cause)
        if found is None:
            self._findings.add(
                f"command {cause!r}, which led to event {last.version} of {last.stream!r}, is not"
                " among the accepted ones: sent again, it would take effect again",
                last.stream,
            )

    def over(self, stream: str, *, sound: bool) -> None:
        """A stream ended. What is left of its ids names no commit of it, if it can be read."""
        for row in self._rows.upto((stream, float("inf"))):
            if sound or row.run != stream:
                self._astray(row)

    def end(self) -> None:
        """The last stream ended."""
        for row in self._rows.rest():
            self._astray(row)

    def _astray(self, row: Accepted) -> None:
        kept = any(one.version == row.version for one in self._snapshot.archived(row.run))
        if not kept:  # of an archived event nothing more is known
            self._findings.add(
                f"command {row.id!r} is said to have led to event {row.version} of {row.run!r},"
                " which does not name it",
                row.run,
            )


class Commits:
    """Finds where the commits of one stream end: the ids of a commit's events count up."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._last: Event | None = None
        self._first_cause = ""
        self._causes: set[str] = set()

    def follow(self, event: Event) -> None:
        """Look at the next event."""
        last = self._last
        if last is None or not _follows(last.id, event.id):
            self.end()
            self._first_cause = event.cause
        self._last = event
        if event.cause:
            self._causes.add(event.cause)

    def end(self) -> None:
        """The last commit ends."""
        if self._last is not None:
            self._commands.ended(self._last, self._first_cause, self._causes)
            self._causes = set()


def _follows(last: str, this: str) -> bool:
    """Whether an id is the one after another; most are plainly not."""
    if last[:23] != this[:23]:
        return False
    try:
        return UUID(this).int - UUID(last).int == 1
    except ValueError:
        return False
