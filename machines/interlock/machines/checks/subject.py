"""What is checked: a machine, the program behind it where there is one, and ways through it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from interlock.machines.checks.configurations import LIMIT, Walked, walked
from interlock.machines.checks.frames import Frame
from interlock.machines.checks.walking import closure, following, shortest, top_of
from interlock.machines.errors import BadDefinition
from interlock.machines.ir import Edge, Machine
from interlock.machines.kernel import Chart
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.program import Program


@dataclass
class Subject:
    """A machine under check.

    Attributes:
        machine: the graph.
        program: what it was compiled to, None for a machine alone.
        limit: configurations of nested states to look at, at most.
        strict: what nobody has to say is wanted as well.
    """

    machine: Machine
    program: Program | LifecycleProgram | None = None
    limit: int = LIMIT
    strict: bool = False

    @property
    def workflow(self) -> Program | None:
        """The program of a workflow."""
        if self.machine.kind != "workflow" or isinstance(self.program, LifecycleProgram):
            return None
        return self.program

    @property
    def lifecycle(self) -> LifecycleProgram | None:
        """The program of a lifecycle."""
        return self.program if isinstance(self.program, LifecycleProgram) else None

    @cached_property
    def chart(self) -> Chart | None:
        """The machine ready for moving; None for a workflow, and for what cannot be run."""
        if self.machine.kind == "workflow":
            return None
        if self.lifecycle is not None:
            return self.lifecycle.chart
        names = [*(n.id for n in self.machine.nodes), *(e.id for e in self.machine.edges)]
        try:
            return Chart(self.machine) if len(names) == len(set(names)) else None
        except BadDefinition:
            return None

    @cached_property
    def walk(self) -> Walked | None:
        """Its configurations; None where there is no chart."""
        return None if self.chart is None else walked(self.machine, self.chart, self.limit)

    @cached_property
    def exact(self) -> Walked | None:
        """Its configurations, when all of them were looked at."""
        return self.walk if self.walk is not None and self.walk.complete else None

    @cached_property
    def reached(self) -> set[str]:
        """The states that can be come to, or one that leads there can."""
        return closure({self.machine.initial, *self.machine.more}, self.following)

    @cached_property
    def following(self) -> dict[str, set[str]]:
        """See `walking.following`."""
        return following(self.machine)

    @cached_property
    def tops(self) -> dict[str, str]:
        """The state at the top that each state is in."""
        return {node.id: top_of(self.machine, node) for node in self.machine.nodes}

    @cached_property
    def _shortest(self) -> dict[str, tuple[str, ...]]:
        return shortest(self.machine)

    def way_to(self, state: str) -> tuple[str, ...]:
        """A shortest way to a state, () when there is none, or it begins there."""
        if self.walk is not None and state in self.walk.entered:
            return self.walk.way_to(state)
        return self._shortest.get(state, ())

    @cached_property
    def never(self) -> tuple[Edge, ...]:
        """The edges that are not taken though their source is entered; () where that is open."""
        if self.exact is None:
            return ()
        entered, taken = self.exact.entered, self.exact.taken
        return tuple(e for e in self.machine.edges if e.source in entered and e.id not in taken)

    @cached_property
    def main(self) -> Frame | None:
        """The function of a workflow; None for a lifecycle, or a machine alone."""
        return None if self.workflow is None else Frame(self.workflow)
