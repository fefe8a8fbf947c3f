"""The faults of one simulation: which kinds there are, how often, and which are left out."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta

from interlock.store import crash
from interlock.testing.fault import Chances, Fault, FaultKind, Plan
from interlock.testing.simulation.trace import Trace

_ALL: Sequence[FaultKind] = (
    "refuse", "lose request", "lose answer", "late", "repeat", "delay", "slow answer",
    "crash before", "crash after",
)  # fmt: skip
_POINTS = tuple(point for point in crash.POINTS if point.startswith("engine."))


class Weather:
    """Draws what goes wrong. Each seed has its own mixture, so that no kind hides another.

    Attributes:
        storm: whether anything goes wrong; off once the world has done what it wanted to.
        happened: names of the faults so far, in order.
        rivals: whether engines take the worker's role from each other, as if leases failed.
        look_every: seconds between looks of an engine at the log.
    """

    def __init__(
        self, seed: object, trace: Trace, only: Collection[str] | None, faults: bool
    ) -> None:
        self.storm = faults
        self.happened: list[str] = []
        self._seed = seed
        self._trace = trace
        self._only = only
        self._visits: Counter[tuple[str, str]] = Counter()
        draw = random.Random(f"{seed}/weather")
        self.rivals = draw.random() < 0.15 and faults
        self.look_every = draw.choice([0.2, 0.2, 1.0])
        self._of: dict[FaultKind, float] = {
            kind: 0.3 * math.exp(-4 * draw.random()) for kind in _ALL if draw.random() < 0.5
        }
        for kind in ("crash before", "crash after"):
            if kind in self._of:
                self._of[kind] /= 8
        self._dying = draw.choice([0.0, 0.0, 0.002, 0.01, 0.05])
        self._longest = timedelta(seconds=draw.choice([0.02, 0.5, 3.0]))
        self._skewed = draw.random() < 0.3 and faults

    def plan(self, process: str) -> Plan:
        """The faults of a process's store."""
        chances = Chances(f"{self._seed}/{process}", self._of, self._longest)

        def planned(call: str, nth: int) -> Sequence[Fault]:
            if not self.storm:
                return ()
            return [f for f in chances(call, nth) if self.strikes(f"{process}: {f}")]

        return planned

    def dies_at(self, process: str, point: str) -> bool:
        """Whether a process dies at this visit of a crash point."""
        self._visits[process, point] += 1
        nth = self._visits[process, point]
        if not self.storm or point not in _POINTS:
            return False
        if random.Random(f"{self._seed}/{process}/{point}/{nth}").random() >= self._dying:
            return False
        return self.strikes(f"{process}: dies at {point} {nth}")

    def strikes(self, name: str) -> bool:
        """Whether a fault that was drawn happens; it is noted then."""
        if self._only is not None and name not in self._only:
            return False
        self.happened.append(name)
        self._trace.note("!", name)
        return True

    def skew(self, process: str) -> timedelta:
        """By how much a process's clock is off."""
        draw = random.Random(f"{self._seed}/{process}/skew")
        return timedelta(seconds=draw.gauss(0, 2)) if self._skewed else timedelta()

    def note(self, who: str, what: str) -> None:
        """Something happened to a process."""
        self._trace.note(who, what)
