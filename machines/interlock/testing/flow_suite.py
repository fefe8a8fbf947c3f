"""`workflow_tests(checkout)`: a test for each law that holds of every workflow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import settings as Settings  # noqa: N812  the argument has its name
from hypothesis import strategies as st

from interlock.machines.guard import Check
from interlock.machines.workflow import Workflow
from interlock.store.errors import InterlockError
from interlock.store.values import Types
from interlock.testing import flow_reached
from interlock.testing.asked import check_payloads, check_weights, wanted
from interlock.testing.broken import Broken
from interlock.testing.collected import caller, collected
from interlock.testing.ended import Ended
from interlock.testing.errors import NotTestable
from interlock.testing.flow_laws import FLOW_LAWS, holds
from interlock.testing.flow_play import FlowPlay
from interlock.testing.flow_strategies import flow_runs, flow_tour
from interlock.testing.flow_subject import FlowSubject, caught
from interlock.testing.moves import Case
from interlock.testing.payloads import Payloads
from interlock.testing.subject import Weights
from interlock.testing.suite import Suite


class FlowSuite(Suite[FlowSubject]):
    """The laws of one workflow."""

    others = "invariant"

    def __init__(
        self, subject: FlowSubject, folder: Path | None, given: Settings | None, most: int
    ) -> None:
        laws = [flow_reached.LAW, *FLOW_LAWS, *(holds(one) for one in subject.invariants)]
        super().__init__(subject.flow.name, subject, laws, folder, given)
        self._most = most

    def tour(self) -> list[Case]:
        """Shortest ways to every surprise."""
        return flow_tour(self.subject)

    def drawn(self) -> st.SearchStrategy[Case]:
        """Runs."""
        return flow_runs(self.subject, self._most)

    def lines(self, case: Case) -> list[str]:
        """All that happened, also what followed by itself."""
        play = FlowPlay(self.subject, case, None, None, None)
        try:
            play.go()
        except (Broken, InterlockError) as error:
            return [*play.ended.lines, f"{type(error).__name__}: {error}"]
        return play.ended.lines

    def types(self) -> Types:
        """Those of its values, and of the commands that it waits for."""
        types = Types()
        for program in self.subject.programs():
            types.update(program.types)
        types.collect(*self.subject.commands().values())
        return types


def workflow_tests(
    flow: Workflow[..., Any],
    *,
    payloads: Payloads | None = None,
    weights: Weights | None = None,
    people: Sequence[str] = (),
    invariants: Sequence[Callable[[Ended], Check]] = (),
    settings: Settings | None = None,
    failures: str | Path | None = "failures",
    most: int = 20,
    without: Sequence[str] = (),
) -> Callable[..., None]:
    """Tests of a workflow: `test_checkout = workflow_tests(checkout)` in a test module.

    pytest collects one for each law, such as `test_checkout[compensation]`. No step is called: what
    it returns is drawn from its annotation, and it raises what it declares, what the code catches,
    or something unexpected. People grant and reject, commands come, time passes, the run is
    cancelled. Each test looks at the cases that failed before, then at every surprise at every
    state, then at what Hypothesis draws; behind a case's own moves all goes well.

    Args:
        flow: the workflow.
        payloads: what to draw instead, by type, by field (`"Order.total"`), by parameter
            (`"checkout.order"`), or of a step by its name (`"charge"`).
        weights: how often something happens beside the others: `return`, `fail`, `decide`, `send`,
            `time`, `cancel`; 1 by default, 0 for never.
        people: who is tried for approvals, besides those whom they name, and the names that a
            function in `approvers=` mentions.
        invariants: what has to hold of every end: functions of an `Ended`, each a test of its own.
        settings: of Hypothesis; by default those of its profile.
        failures: folder of the failing cases, beside the test module; None keeps none.
        most: moves of one case, at most.
        without: names of laws that are left out.

    Raises:
        NotTestable: it is no workflow, or something that was said does not fit it.
    """
    file, line = caller()
    subject = _checked(FlowSubject(flow, payloads or {}, weights or {}, invariants, people))
    folder = None if failures is None else Path(file).parent / failures
    suite = FlowSuite(subject, folder, settings, most)
    suite.chosen = wanted(suite.laws, without)
    return collected(suite.run, suite.chosen, (file, line), suite)


def _checked(subject: FlowSubject) -> FlowSubject:
    """The same; what was said about a workflow and does not fit it is refused."""
    check_weights(subject.weights, ["return", "fail", "decide", "send", "time", "cancel"])
    drawn = subject.drawn()
    errors = [kind for step in subject.steps() for kind in step.options.raises]
    errors += caught(subject.flow.function)
    hints = [*drawn.values(), *subject.commands().values()]
    check_payloads(subject.payloads, hints, drawn, errors)
    if isinstance(subject.people, str):
        message = f"people={subject.people!r} is one text; write people=[{subject.people!r}]"
        raise NotTestable(message)
    for one in subject.invariants:
        if not callable(one):
            message = f"invariants: {one!r} is no function of an Ended"
            raise NotTestable(message)
    return subject
