"""`machine_tests(OrderLifecycle)`: a test for each law that holds of every lifecycle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import settings as Settings  # noqa: N812  the argument has its name
from hypothesis import strategies as st

from interlock.machines.lifecycle import Lifecycle
from interlock.testing.collected import caller, collected
from interlock.testing.fixtures import Fixtures
from interlock.testing.laws import PURE, Law, holds
from interlock.testing.laws_played import PLAYED
from interlock.testing.moves import Case, Fault
from interlock.testing.payloads import Payloads
from interlock.testing.report import report
from interlock.testing.search import Failure, Search
from interlock.testing.strategies import faults, runs_of
from interlock.testing.subject import Starts, Subject, Weights
from interlock.testing.tour import tour
from interlock.testing.walk import walked

FEWEST = 5
"""Examples of a law, at least."""


class MachineSuite:
    """The laws of one lifecycle, to be looked at one by one.

    Attributes:
        subject: the lifecycle, and what is drawn for it.
        laws: by name.
    """

    def __init__(
        self, subject: Subject, folder: Path | None, given: Settings | None, most: int
    ) -> None:
        self.subject = subject
        found = [*PURE, *PLAYED, *(holds(one) for one in subject.invariants)]
        self.laws = {law.name: law for law in found}
        self._folder = folder
        self._given = given
        self._most = most
        self._ways: list[Case] | None = None

    def run(self, name: str) -> None:
        """Look at one law.

        Raises:
            AssertionError: it does not hold; says in which case, and keeps that in a file.
            BadFixture: a case that was kept cannot be played any more.
        """
        law, name_of = self.laws[name], self.subject.kind.name
        fixtures = self._fixtures()
        for file, case in () if fixtures is None else fixtures.read(name):
            known = Search(lambda one: law.check(self.subject, one)).among([case])
            if known is not None:
                lines = self._lines(case)
                raise AssertionError(
                    report(name_of, law.text, case, known.broken, lines, file, known=True)
                )
        found = self.failure(name)
        if found is not None:
            lines = self._lines(found.case)
            kept = fixtures and fixtures.write(name, found.broken.why, lines, found.case)
            raise AssertionError(
                report(name_of, law.text, found.case, found.broken, lines, kept or None)
            )

    def failure(self, name: str) -> Failure | None:
        """A case in which a law does not hold: along the shortest ways, then by Hypothesis."""
        law = self.laws[name]
        search = Search(lambda one: law.check(self.subject, one))
        every = (each for way in self.ways() for each in law.each(self.subject, way))
        return search.among(every) or search.drawn(self._cases(law), self._settings(law))

    def ways(self) -> list[Case]:
        """The shortest ways, found once."""
        if self._ways is None:
            self._ways = tour(self.subject)
        return self._ways

    def _cases(self, law: Law) -> st.SearchStrategy[Case]:
        cases = runs_of(self.subject, self._most)
        if not law.faults:
            return cases
        return st.builds(_around, cases, faults(law.faults))

    def _settings(self, law: Law) -> Settings:
        given = self._given or Settings()
        return Settings(given, max_examples=max(FEWEST, int(given.max_examples * law.share)))

    def _fixtures(self) -> Fixtures | None:
        if self._folder is None:
            return None
        return Fixtures(self._folder, self.subject.kind.name, self.subject.program.types)

    def _lines(self, case: Case) -> list[str]:
        return [str(line) for line in walked(self.subject.kind, case.swapped()).lines]


def machine_tests(
    machine: type[Lifecycle[Any, Any]],
    *,
    payloads: Payloads | None = None,
    weights: Weights | None = None,
    starts: Starts = None,
    settings: Settings | None = None,
    failures: str | Path | None = "failures",
    most: int = 30,
    without: Sequence[str] = (),
) -> Callable[..., None]:
    """Tests of a lifecycle: `test_order = machine_tests(OrderLifecycle)` in a test module.

    pytest collects one for each law, such as `test_order[replay]`, and one for each `@invariant`.
    Each looks at the cases that failed before, then at a shortest way to every transition, then at
    what Hypothesis draws. No step is called.

    Args:
        machine: the lifecycle's class.
        payloads: what to draw instead, by type or by field: `{"Pay.amount": st.integers(1, 9)}`.
        weights: how often a command is drawn beside the others, `{Pay: 5, "time": 2}`.
        starts: data that runs begin with, as a list or a strategy; by default the model's own.
        settings: of Hypothesis; by default those of its profile.
        failures: folder of the failing cases, beside the test module; None keeps none.
        most: moves of one run, at most.
        without: names of laws that are left out.

    Raises:
        NotTestable: it is no lifecycle.
    """
    file, line = caller()
    subject = Subject(machine, payloads or {}, weights or {}, starts)
    folder = None if failures is None else Path(file).parent / failures
    suite = MachineSuite(subject, folder, settings, most)
    names = [name for name in suite.laws if name not in without]
    return collected(suite.run, names, (file, line), suite)


def _around(case: Case, around: tuple[Fault, ...]) -> Case:
    return replace(case, faults=around)
