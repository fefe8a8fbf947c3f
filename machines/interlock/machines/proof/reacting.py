"""What the kernel did before for the same answers of guards: it is not asked again.

Where states are nested, an event's steps follow from the states and from what the guards answer,
and from nothing else. They are kept as a tree: asking a guard is a fork of it, a step a stretch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from interlock.machines.ir import Edge
from interlock.machines.kernel import Chart, Microstep, Snapshot, react
from interlock.machines.proof.asking import Asking


@dataclass(slots=True)
class Path:
    """What comes next: a question, a step, or the end.

    Attributes:
        asks: the state and the event that guards are asked for, None where none are.
        forks: what follows each answer, by the id of the edge, "" for none.
        step: that is taken.
        onward: what follows the step.
        ends: nothing follows.
        to: number of the configuration at the end, -1 where the event takes nothing.
    """

    asks: tuple[str, str] | None = None
    forks: dict[str, Path] = field(default_factory=dict[str, "Path"])
    step: Microstep | None = None
    onward: Path | None = None
    ends: bool = False
    to: int = -1


class Reacting:
    """The reactions of a chart, each of them worked out by the kernel once."""

    def __init__(self, chart: Chart, takes: Callable[[Asking, Microstep], None]) -> None:
        """Prepare for a chart.

        Args:
            takes: runs the author's functions of one step.
        """
        self._chart = chart
        self._takes = takes
        self._known: dict[tuple[int, int], Path] = {}

    def known(self, at: int, ask: int, asking: Asking) -> int | None:
        """The configuration that an event leads to; -1 for none, None where it has to be tried."""
        path = self._known.get((at, ask))
        while path is not None and not path.ends:
            if path.step is not None:
                self._takes(asking, path.step)
                path = path.onward
            elif path.asks is not None:
                edge = asking.choose(*path.asks)
                path = path.forks.get("" if edge is None else edge.id)
            else:
                return None
        return None if path is None else path.to

    def tried(
        self, at: int, ask: int, asking: Asking, snapshot: Snapshot, event: str,
        number: Callable[[Snapshot], int],
    ) -> int:  # fmt: skip
        """The same, by the kernel; it is kept for the next time."""
        path = self._known.setdefault((at, ask), Path())

        def choose(state: str, event: str) -> Edge | None:
            nonlocal path
            edge = asking.choose(state, event)
            if asking.is_open(state, event):
                path.asks = (state, event)
                path = path.forks.setdefault("" if edge is None else edge.id, Path())
            return edge

        last: Microstep | None = None
        for step in react(self._chart, snapshot, event, choose):
            self._takes(asking, step)
            path.step, last = step, step
            path.onward = path = path.onward or Path()
        path.ends = True
        path.to = -1 if last is None else number(last.after)
        return path.to
