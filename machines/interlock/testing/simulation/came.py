"""What all simulations together came to, and whether that was anything at all."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

from interlock.machines.ir import Machine
from interlock.testing.coverage.items import transition_key
from interlock.testing.coverage.tally import Tally
from interlock.testing.errors import HarnessError, NeverTaken
from interlock.testing.flow_reached import missed, told
from interlock.testing.reached import told_edge
from interlock.testing.simulation.run import Seeded

_ENOUGH = 10
"""Seeds from which on it says something that a state was never come to."""


@dataclass
class Came:
    """What runs of one machine came to, in all seeds.

    Attributes:
        machine: that.
        seen: what its runs came to.
        failed: what the author's own code raised, by step or by what was asked, the first time.
        returned: the steps of which a call returned.
        refused: why the first start was refused that was.
    """

    machine: Machine
    failed: dict[str, str] = field(default_factory=dict[str, str])
    returned: set[str] = field(default_factory=set[str])
    refused: str = ""

    def __post_init__(self) -> None:
        self.seen = Tally(self.machine)

    def add(self, one: Seeded) -> None:
        """What one seed came to."""
        self.seen.merge(one.seen)
        self.failed = {**one.failed, **self.failed}
        self.returned |= one.returned
        self.refused = self.refused or one.refused

    def judge(self, seeds: int) -> list[str]:
        """What was never come to; of enough seeds that is a warning.

        Raises:
            HarnessError: the author's own code fails wherever it is asked, so nothing was tested.
        """
        always = {name: why for name, why in self.failed.items() if name not in self.returned}
        never = self._never()
        if always and not self.returned and not self._moved():
            why = "; ".join(f"{name}: {said}" for name, said in always.items())
            message = f"nothing of {self.machine.name} was simulated, its code always fails: {why}"
            raise HarnessError(message)
        if seeds >= _ENOUGH and (never or always):
            lines = [f"{name} always fails: {why}" for name, why in always.items()]
            lines += [f"never: {one}" for one in never]
            text = f"{self.machine.name}: in {seeds} simulations\n  " + "\n  ".join(lines)
            advice = "say what is drawn, inputs=[…], payloads={…}, or what is sent, commands=[…]"
            warnings.warn(NeverTaken(f"{text}\n{advice}"), stacklevel=3)
        return never

    def _moved(self) -> bool:
        """Whether any run went on from where it began."""
        known, kinds = self.machine, ("initial",) if self.machine.kind == "workflow" else ()
        first = {
            transition_key(known, e) for e in known.edges if known.by_id[e.source].kind in kinds
        }
        return any(kind == "transition" and key not in first for kind, key in self.seen.counts)

    def _never(self) -> list[str]:
        if self.machine.kind == "lifecycle":
            taken = {key for kind, key in self.seen.counts if kind == "transition"}
            return [told_edge(edge) for edge in self.machine.edges if edge.id not in taken]
        states, _ = missed(self.machine, self.seen)
        ways = [edge for edge in self.machine.edges if {*edge.targets} & {*states}]
        first = [told(edge) for edge in ways if edge.source not in states]
        return list(dict.fromkeys(first)) or states
