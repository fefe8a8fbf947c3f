"""`machine_tests(OrderLifecycle)`: a test for each law that holds of every lifecycle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import settings as Settings  # noqa: N812  the argument has its name
from hypothesis import strategies as st

from interlock.machines.lifecycle import Lifecycle
from interlock.store.values import Types
from interlock.testing import reached
from interlock.testing.asked import subject_of, wanted
from interlock.testing.collected import caller, collected
from interlock.testing.laws import PURE, holds
from interlock.testing.laws_played import PLAYED
from interlock.testing.moves import Case
from interlock.testing.payloads import Payloads
from interlock.testing.strategies import runs_of
from interlock.testing.subject import Starts, Subject, Weights
from interlock.testing.suite import Suite
from interlock.testing.tour import tour
from interlock.testing.walk import walked


class MachineSuite(Suite[Subject]):
    """The laws of one lifecycle."""

    def __init__(
        self, subject: Subject, folder: Path | None, given: Settings | None, most: int
    ) -> None:
        laws = [reached.LAW, *PURE, *PLAYED, *(holds(one) for one in subject.invariants)]
        super().__init__(subject.kind.name, subject, laws, folder, given)
        self._most = most

    def tour(self) -> list[Case]:
        """A shortest way to every transition."""
        return tour(self.subject)

    def drawn(self) -> st.SearchStrategy[Case]:
        """Runs."""
        return runs_of(self.subject, self._most)

    def lines(self, case: Case) -> list[str]:
        """Each move, and where it led."""
        return [str(line) for line in walked(self.subject.kind, case.swapped()).lines]

    def types(self) -> Types:
        """Those of the data and the commands."""
        return self.subject.program.types


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
        NotTestable: it is no lifecycle, or something that was said does not fit it.
    """
    file, line = caller()
    subject = subject_of(machine, payloads, weights, starts)
    folder = None if failures is None else Path(file).parent / failures
    suite = MachineSuite(subject, folder, settings, most)
    suite.chosen = wanted(suite.laws, without)
    return collected(suite.run, suite.chosen, (file, line), suite)
