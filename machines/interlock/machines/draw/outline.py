"""The outline: states and transitions as rows, for a table or plain text."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.machines.ir import Edge, Machine, Node


@dataclass(frozen=True, slots=True)
class Row:
    """One transition, or a state that has none.

    Attributes:
        state: where it starts.
        kind: what a run does there (`step`, `approval`, `atomic`, `final` …).
        event: what starts it, "" in the row of a state without transitions.
        condition: the guard or the author's condition, "" for none.
        target: where it leads (several, in several regions, joined by "and"), "" in the row of a
            state without transitions.
        internal: it stays in the state without leaving it.
        line: line of the author's source file, 0 for none.
    """

    state: str
    kind: str
    event: str
    condition: str
    target: str
    internal: bool
    line: int


def outline(machine: Machine) -> list[Row]:
    """Every state in the order of the source, each with its transitions in order."""
    rows: list[Row] = []
    for node in machine.nodes:
        edges = [edge for edge in machine.edges if edge.source == node.id]
        rows += [_row(node, edge) for edge in edges] or [_row(node, None)]
    return rows


def _row(node: Node, edge: Edge | None) -> Row:
    if edge is None:
        return Row(node.id, node.kind, "", "", "", internal=False, line=node.line)
    return Row(
        state=node.id,
        kind=node.kind,
        event=edge.event,
        condition=" and ".join(part for part in (edge.label, edge.guard) if part),
        target=" and ".join(edge.targets),
        internal=edge.internal,
        line=edge.line or node.line,
    )
