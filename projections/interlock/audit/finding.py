"""What an audit found: where, and what is wrong there."""

from __future__ import annotations

from dataclasses import dataclass, field

KEPT = 1000
"""So many findings are kept; the others are counted."""

SEALS, ELSEWHERE = "seals", "another database"
"""What a finding can be about, besides the database that is looked at."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written.

    Attributes:
        what: said for a person.
        stream: the run (or other stream) that it is about, "" for none.
        version: of the event, 0 for none.
        position: of the event in the log, 0 for none (or where it is not known).
        about: "" for the database, `SEALS` where only these are not as they should be, `ELSEWHERE`
            where these are of another database.
    """

    what: str
    stream: str = ""
    version: int = 0
    position: int = 0
    about: str = ""

    def __str__(self) -> str:
        return self.what


@dataclass(slots=True)
class Findings:
    """The findings of an audit.

    Attributes:
        found: the first of them, in the order in which they were found.
        count: how many there were.
    """

    found: list[Finding] = field(default_factory=list[Finding])
    count: int = 0

    def add(
        self, what: str, stream: str = "", version: int = 0, position: int = 0, about: str = ""
    ) -> None:
        """Note one more."""
        self.count += 1
        if len(self.found) < KEPT:
            self.found.append(Finding(what, stream, version, position, about))

    def only(self, about: str) -> bool:
        """Whether there are findings, and all of them are about this."""
        return self.count == len(self.found) > 0 and all(one.about == about for one in self.found)

    @property
    def first(self) -> Finding | None:
        """The first bad event of the log; where none is known to be, the first finding."""
        placed = [one for one in self.found if one.position]
        if placed:
            return min(placed, key=lambda one: one.position)
        return next((one for one in self.found if one.version), next(iter(self.found), None))
