"""How a lifecycle says no: what every active state would accept, and which guard refused."""

from __future__ import annotations

from collections.abc import Collection

from interlock.machines.errors import Refused
from interlock.machines.ir import Edge
from interlock.machines.kernel import Chart, Snapshot, readable
from interlock.machines.selector import Refusal


def refusal(
    chart: Chart, snapshot: Snapshot, commands: Collection[str], event: str, said: list[Refusal]
) -> Refused:
    """The answer to a command that nothing was taken for."""
    if said:
        guards = tuple(dict.fromkeys(str(one) for one in said))
        answer = refused(
            chart, snapshot, commands, f"{event} is refused: {'; '.join(guards)}", guards
        )
        answer.said = tuple(said)
        return answer
    return refused(chart, snapshot, commands, f"{event} is not accepted")


def refused(
    chart: Chart,
    snapshot: Snapshot,
    commands: Collection[str],
    why: str,
    guards: tuple[str, ...] = (),
) -> Refused:
    """A refusal for the reason `why`."""
    machine = chart.machine
    state = readable(machine, snapshot.active)
    if is_final(chart, snapshot):
        text = f"{machine.name} is in {state!r}, which is final and accepts nothing: {why}"
        return Refused(text, state=state)
    edges = [
        edge
        for leaf in chart.leaves(snapshot.active)
        for place in chart.upward(leaf)
        for edge in machine.edges
        if edge.source == place and edge.event in commands
    ]
    accepts = tuple(dict.fromkeys(edge.event for edge in edges))
    known = ", ".join(dict.fromkeys(_describe(edge, chart.flat) for edge in edges)) or "no command"
    text = f"{machine.name} is in {state!r}: {why}. Accepted there: {known}"
    return Refused(text, state=state, accepts=accepts, guards=guards)


def is_final(chart: Chart, snapshot: Snapshot) -> bool:
    """Whether a run has come to its end."""
    node = chart.machine.by_id[snapshot.active[0]]
    return node.kind == "final"


def _describe(edge: Edge, flat: bool) -> str:
    guard = f" if {edge.guard}" if edge.guard else ""
    where = "" if flat else f" in {edge.source}"
    return f"{edge.event}{where} → {' and '.join(edge.targets)}{guard}"
