"""A case of a lifecycle in memory: what each of its moves comes to, by the pure functions alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from interlock.machines.errors import EndlessChain, HandlerFailed
from interlock.machines.lifecycle import Lifecycle
from interlock.testing.moves import Case, Move, Pass, Send
from interlock.testing.scenario import Scenario

IMPURE = "changed its input in place"
"""What is said of a method that does so."""


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one move.

    Attributes:
        move: which.
        state: where the run stands behind it.
        refusal: why it was refused, "" when it was not.
        failure: what the author's code did wrong, "" for nothing.
    """

    move: Move
    state: str
    refusal: str = ""
    failure: str = ""

    def __str__(self) -> str:
        """As in a report."""
        if self.failure:
            return f"{self.move} -> fails: {self.failure}"
        if self.refusal:
            return f"{self.move} -> refused in {self.state}"
        return f"{self.move} -> {self.state}"


class Walk:
    """One run in memory, move by move.

    Attributes:
        scenario: the run; None when its beginning failed.
        failure: how that failed, "" when it did not.
        lines: what became of the moves so far.
    """

    def __init__(self, kind: type[Lifecycle[Any, Any]], start: Any) -> None:
        self.lines: list[Line] = []
        self.failure = ""
        self.scenario: Scenario[Any, Any] | None = None
        try:
            self.scenario = Scenario(kind, start)
        except (HandlerFailed, EndlessChain) as error:
            self.failure = error.message

    def apply(self, move: Move) -> Line:
        """Let one thing happen."""
        scenario = self.scenario
        if scenario is None:
            line = Line(move, "", failure=self.failure)
            self.lines.append(line)
            return line
        failure = ""
        try:
            if isinstance(move, Send):
                scenario.when(move.command)
            elif isinstance(move, Pass):
                scenario.passes(time_of(scenario, move))
        except (HandlerFailed, EndlessChain) as error:
            failure = error.message
        refused = scenario.refusal
        line = Line(move, scenario.state, "" if refused is None else refused.message, failure)
        self.lines.append(line)
        return line

    @property
    def failed(self) -> bool:
        """Whether the author's code failed anywhere."""
        return bool(self.failure) or any(line.failure for line in self.lines)


def time_of(scenario: Scenario[Any, Any], move: Pass) -> Any:
    """How long a `Pass` takes: until the next timer, where it does not say."""
    if move.time is not None:
        return move.time
    due = min(scenario.timers.values(), default=scenario.now)
    return max(due - scenario.now, scenario.now - scenario.now)


def walked(kind: type[Lifecycle[Any, Any]], case: Case) -> Walk:
    """All of a case."""
    walk = Walk(kind, case.start)
    for move in case.moves:
        walk.apply(move)
    return walk


def walking(
    kind: type[Lifecycle[Any, Any]], case: Case
) -> Iterator[tuple[int, Scenario[Any, Any]]]:
    """The run at its beginning (-1) and behind each move; nothing where its beginning failed."""
    walk = Walk(kind, case.start)
    if walk.scenario is not None:
        yield -1, walk.scenario
        for number, move in enumerate(case.moves):
            walk.apply(move)
            yield number, walk.scenario
