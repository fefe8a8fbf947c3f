"""What a tally says of a machine: how much was covered, and what was not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from interlock.machines.ir import Machine
from interlock.testing.coverage.items import Item, Kind, items_of
from interlock.testing.coverage.tally import Tally

KINDS: tuple[Kind, ...] = ("state", "transition", "guard", "refusal", "failure", "undo")

_SHOWN = 30
"""Missing items that are shown of one machine."""


@dataclass(frozen=True)
class Report:
    """Coverage of one machine by tests, and what production did.

    Attributes:
        tests: what tests did.
        production: what runs of a store did, None where nobody looked.
        period: of what time, in words: "90 days"; "" for all of it.
    """

    tests: Tally
    production: Tally | None = None
    period: str = ""

    @property
    def machine(self) -> Machine:
        """The machine."""
        return self.tests.machine

    @cached_property
    def items(self) -> Sequence[Item]:
        """What there is to cover."""
        return items_of(self.machine)

    def times(self, item: Item) -> int:
        """How often it happened in tests."""
        return self.tests.counts[item.kind, item.key]

    def in_production(self, item: Item) -> int | None:
        """How often it happened in production; None where that is not known."""
        if self.production is None or not item.seen_in_log:
            return None
        return self.production.counts[item.kind, item.key]

    @property
    def missing(self) -> list[Item]:
        """What no test did."""
        return [item for item in self.items if not self.times(item)]

    def of(self, kind: Kind) -> tuple[int, int]:
        """How many of a kind were covered, and how many there are."""
        mine = [item for item in self.items if item.kind == kind]
        return sum(1 for item in mine if self.times(item)), len(mine)

    @property
    def percent(self) -> float:
        """Share of what was covered, 0 to 100."""
        return percent([self])

    def lines(self) -> Iterator[str]:
        """What is missing, and what production says, a line each."""
        file = self.machine.file.rpartition("/")[2]
        for item in self.missing[:_SHOWN]:
            where = f" ({file}:{item.line})" if item.line else ""
            yield f"never in tests: {item.kind} {item.title}{where}{self._production(item)}"
        if len(self.missing) > _SHOWN:
            yield f"and {len(self.missing) - _SHOWN} more"
        if self.production is not None:
            yield from self._unused()
            yield from unread(self.production)

    def _production(self, item: Item) -> str:
        times = self.in_production(item)
        if times is None:
            return ""
        return f", and {_times(times)} in production{self._within}"

    def _unused(self) -> Iterator[str]:
        for item in self.items:
            if self.in_production(item) == 0 and self.times(item):
                yield f"ran 0 times in production{self._within}: {item.kind} {item.title}"

    @property
    def _within(self) -> str:
        return f" in {self.period}" if self.period else ""


def unread(production: Tally) -> Iterator[str]:
    """What is said of archived runs whose file is not there."""
    if production.unread:
        runs = "run is" if production.unread == 1 else "runs are"
        yield (
            f"{production.unread} archived {runs} not counted: the file is not there; "
            "if archives were moved, say where they are now"
        )


def percent(reports: Sequence[Report]) -> float:
    """Share of what was covered in several machines together, 0 to 100."""
    total = sum(len(report.items) for report in reports)
    missing = sum(len(report.missing) for report in reports)
    return 100.0 if not total else 100 * (total - missing) / total


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def table(reports: Sequence[Report]) -> list[str]:
    """A line for each machine, under a heading."""
    heads = ["machine", "runs", *(f"{kind}s" for kind in KINDS), "covered"]
    rows = [heads]
    for report in reports:
        counts = [report.of(kind) for kind in KINDS]
        cells = [f"{seen}/{all_}" if all_ else "-" for seen, all_ in counts]
        rows.append([report.machine.name, str(report.tests.runs), *cells, f"{report.percent:.0f}%"])
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
