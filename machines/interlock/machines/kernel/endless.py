"""Chains of transitions that follow by themselves and would never end, whatever guards say."""

from __future__ import annotations

from interlock.machines.errors import BadDefinition, EndlessChain
from interlock.machines.ir import ALWAYS, Edge, Machine
from interlock.machines.kernel.chart import Chart
from interlock.machines.kernel.macrostep import react


def endless(machine: Machine) -> Edge | None:
    """An `always` edge without a guard that starts a chain without end, None if none is found.

    Each is tried from its source as that is entered by default, with every guarded edge left out.
    """
    open_ones = tuple(edge for edge in machine.edges if edge.event == ALWAYS and not edge.guard)
    if not open_ones:
        return None
    try:
        chart = Chart(machine)
    except BadDefinition:
        return None  # said elsewhere
    first: dict[str, Edge] = {}
    for edge in sorted(open_ones, key=lambda edge: edge.order):
        first.setdefault(edge.source, edge)

    def choose(state: str, event: str) -> Edge | None:
        return first.get(state) if event == ALWAYS else None

    for edge in first.values():
        try:
            for _ in react(chart, chart.at([edge.source]), ALWAYS, choose):
                pass
        except EndlessChain:
            return edge
    return None
