"""Machines and runs of them, for the tests of conversions."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from hypothesis import strategies as st

from interlock.machines.errors import EndlessChain
from interlock.machines.interchange import named_guards
from interlock.machines.ir import Edge, Machine, Node
from interlock.machines.kernel import Chart, Snapshot, begin, react
from machines.charts import charts

ORDER = Machine(
    name="order",
    kind="lifecycle",
    initial="open",
    nodes=(
        Node(id="open", kind="compound", initial="open/draft"),
        Node(id="open/draft", kind="atomic", parent="open"),
        Node(id="open/sent", kind="final", parent="open"),
        Node(id="open/before", kind="history", parent="open"),
        Node(id="closed", kind="final"),
    ),
    edges=(
        Edge(id="open/draft.Send", source="open/draft", target="open/sent", event="Send"),
        Edge(id="open.done", source="open", target="closed", guard="paid and not frozen"),
        Edge(id="open.after 48 hours", source="open", target="closed", event="after 48 hours"),
        Edge(id="open.Note", source="open", target="open", event="Note", internal=True),
    ),
    commands=("Send", "Note"),
)


@st.composite
def runs(draw: st.DrawFn) -> tuple[Machine, list[tuple[str, set[str]]]]:
    chart = draw(charts())
    guards = st.sampled_from(["", "ready", "not ready and paid", "paid"])
    edges = tuple(msgspec.structs.replace(e, guard=draw(guards)) for e in chart.edges)
    yes = st.sets(st.sampled_from(["ready", "paid"]))
    events = draw(st.lists(st.tuples(st.sampled_from("abc"), yes), min_size=3, max_size=12))
    return msgspec.structs.replace(chart, edges=edges), events


def trace(machine: Machine, events: list[tuple[str, set[str]]]) -> list[tuple[str, ...]]:
    """The active states after each event; a chain without end ends the trace."""
    chart = Chart(machine)
    found: list[tuple[str, ...]] = []
    snapshot = Snapshot((), {})
    try:
        for step in begin(chart, chooser(machine, set())):
            snapshot = step.after
        found.append(snapshot.active)
        for event, yes in events:
            for step in react(chart, snapshot, event, chooser(machine, yes)):
                snapshot = step.after
            found.append(snapshot.active)
    except EndlessChain:
        found.append(())
    return found


def chooser(machine: Machine, yes: set[str]) -> Callable[[str, str], Edge | None]:
    def choose(state: str, event: str) -> Edge | None:
        for edge in sorted(machine.edges, key=lambda edge: edge.order):
            holds = all((c.name in yes) != c.negated for c in named_guards(edge.guard))
            if (edge.source, edge.event) == (state, event) and holds:
                return edge
        return None

    return choose
