"""Looking for a case in which a law does not hold: kept ones, shortest ways, then Hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from interlock.testing.broken import Broken
from interlock.testing.moves import Case
from interlock.testing.tour import UNHURRIED

Checked = Callable[[Case], None]
"""Raises `Broken` where a law does not hold."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A case in which a law does not hold, with nothing in it that it would not need.

    Attributes:
        case: that.
        broken: what was seen.
        examples: how many cases were looked at before.
    """

    case: Case
    broken: Broken
    examples: int


class Search:
    """Looks at cases, one after the other, until one fails."""

    def __init__(self, check: Checked) -> None:
        self._check = check
        self.looked = 0

    def among(self, cases: Iterable[Case], most: int = 1000) -> Failure | None:
        """The first of these cases that fails, made small; of more than `most`, evenly spread."""
        for case in _spread(cases, most):
            self.looked += 1
            broken = self._broken(case)
            if broken is not None:
                return self._small(case, broken)
        return None

    def drawn(self, cases: st.SearchStrategy[Case], given_settings: settings) -> Failure | None:
        """A case that Hypothesis finds."""
        last: list[tuple[Case, Broken]] = []

        @settings(
            given_settings, database=None, deadline=None, report_multiple_bugs=False,
            phases=[Phase.generate, Phase.shrink], suppress_health_check=UNHURRIED,
        )  # fmt: skip
        @given(cases)
        def look(case: Case) -> None:
            self.looked += 1
            broken = self._broken(case)
            if broken is not None:
                last[:] = [(case, broken)]
                raise broken

        try:
            look()
        except (Broken, Flaky) as error:  # what fails now and then is a failure, too
            if not last:
                text = f"asked again, its code did something else: {error}"
                return Failure(Case(None), Broken(text), self.looked)
        return self._small(*last[0]) if last else None

    def _broken(self, case: Case) -> Broken | None:
        try:
            self._check(case)
        except Broken as broken:
            return broken
        return None

    def _small(self, case: Case, broken: Broken) -> Failure:
        """Leave out what can be left out: moves, one by one, and faults."""
        looked, shorter = self.looked, True
        while shorter:
            shorter = False
            for smaller in _smaller(case):
                again = self._broken(smaller)
                if again is not None:
                    case, broken, shorter = smaller, again, True
                    break
        return Failure(case, broken, looked)


def _smaller(case: Case) -> Iterator[Case]:
    for number in range(len(case.faults)):
        yield replace(case, faults=(*case.faults[:number], *case.faults[number + 1 :]))
    half = len(case.moves) // 2
    if half > 1:
        yield replace(case, moves=case.moves[:half])
        yield replace(case, moves=case.moves[half:])
    for number in reversed(range(len(case.moves))):
        yield case.without(number)


def _spread(cases: Iterable[Case], most: int) -> Iterable[Case]:
    found = [*cases]
    if len(found) <= most:
        return found
    step = len(found) / most
    return [found[int(number * step)] for number in range(most)]
