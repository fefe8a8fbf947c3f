"""What can go wrong between an engine and its store: named faults, and chances of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeAlias

FaultKind = Literal[
    "refuse", "lose request", "lose answer", "late", "repeat", "delay", "slow answer",
    "crash before", "crash after",
]  # fmt: skip

KINDS: Mapping[FaultKind, str] = {
    "refuse": "`StoreBusy`, and nothing is kept",
    "lose request": "`AnswerLost`, and nothing is kept",
    "lose answer": "`AnswerLost`, and everything is kept",
    "late": "`AnswerLost` at once, and everything is kept, but only after `by`",
    "repeat": "the request arrives twice; the answer is the first one's",
    "delay": "the request arrives after `by`, so that others overtake it",
    "slow answer": "the answer arrives after `by`; what it tells of has happened",
    "crash before": "the process dies before the request arrives",
    "crash after": "the process dies when everything is kept, before it hears of it",
}
"""Every kind of fault, with what it does to a call."""

WRITES = ("append", "archive", "unarchive")
"""The calls that append a commit. Only these can be lost, late or repeated."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong once.

    Attributes:
        kind: see `KINDS`.
        nth: at which call of this name through this store, from 1.
        call: the store's method: `append`, `read`, `entries`, …
        by: how long, for a kind that takes time.
    """

    kind: FaultKind
    nth: int = 1
    call: str = "append"
    by: timedelta = timedelta(milliseconds=50)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            message = f"no fault is called {self.kind!r}; there are {', '.join(KINDS)}"
            raise ValueError(message)
        if self.call not in WRITES and self.kind in _OF_WRITES:
            message = f"{self.kind!r} is a fault of {', '.join(WRITES)}, not of {self.call!r}"
            raise ValueError(message)

    def __str__(self) -> str:
        took = f" by {self.by.total_seconds():g} s" if self.kind in _TIMED else ""
        return f"{self.kind} at {self.call} {self.nth}{took}"


_OF_WRITES: Sequence[FaultKind] = ("lose request", "lose answer", "late", "repeat")
_TIMED: Sequence[FaultKind] = ("late", "delay", "slow answer")

Plan: TypeAlias = Callable[[str, int], Sequence[Fault]]
"""The faults of the nth call of a store's method, by its name and number."""


def listed(faults: Sequence[Fault]) -> Plan:
    """A plan of these faults and no others."""
    table: dict[tuple[str, int], list[Fault]] = {}
    for fault in faults:
        table.setdefault((fault.call, fault.nth), []).append(fault)
    return lambda call, nth: table.get((call, nth), ())


def _usual() -> dict[FaultKind, float]:
    return {
        "refuse": 0.03, "lose request": 0.02, "lose answer": 0.03, "late": 0.01, "repeat": 0.02,
        "delay": 0.2, "slow answer": 0.1, "crash before": 0.01, "crash after": 0.01,
    }  # fmt: skip


@dataclass(frozen=True)
class Chances:
    """A plan drawn from a seed: what happens at a call depends on the seed and its number alone.

    Attributes:
        seed: anything that prints: the same seed gives the same faults.
        of: how likely each kind is at each call, 0 to 1. Reading is only delayed and refused.
        longest: the longest delay; most are much shorter.
    """

    seed: object
    of: Mapping[FaultKind, float] = field(default_factory=_usual)
    longest: timedelta = timedelta(seconds=2)

    def __call__(self, call: str, nth: int) -> Sequence[Fault]:
        draw = random.Random(f"{self.seed}/{call}/{nth}")
        return [
            Fault(kind, nth, call, self.longest * draw.random() ** 6)
            for kind, chance in self.of.items()
            if draw.random() < chance and (call in WRITES or kind in ("delay", "refuse"))
        ]
