"""What there is to cover in a machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from interlock.machines.ir import Edge, Machine, Node

Kind = Literal["state", "transition", "guard", "refusal", "failure", "undo"]

_BADLY = ("failed", "compensating", "compensated", "compensation failed", "cancelled")
"""The states of a workflow that ends badly: `failure` and `undo` tell more about these."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can happen in runs of a machine.

    Attributes:
        kind: `guard` is one of its two answers, `refusal` a command that was refused, `failure` a
            step that failed for good or a wait that timed out, `undo` one that was called.
        key: names it among those of its kind.
        title: for people.
        line: of the author's source, 0 where that is not known.
        seen_in_log: whether the log tells that it happened; a refusal leaves no trace there.
    """

    kind: Kind
    key: str
    title: str
    line: int = 0
    seen_in_log: bool = True


def items_of(machine: Machine) -> list[Item]:
    """All that runs of a machine can do, in the order of the source.

    Of a workflow what every wait can come to anyway is left out: that the run is cancelled there,
    or that an error goes through it.
    """
    found = [*_states(machine), *_transitions(machine)]
    if machine.kind == "lifecycle":
        found += [*_guards(machine), *_refusals(machine)]
    else:
        found += [*_failures(machine)]
    unique = {(item.kind, item.key): item for item in reversed(found)}
    return sorted(unique.values(), key=found.index)


def _states(machine: Machine) -> Iterator[Item]:
    for node in machine.nodes:
        inside = node.kind == "final" and node.parent is not None and machine.kind == "workflow"
        if node.kind in ("initial", "history") or inside or _ends_badly(machine, node):
            continue
        yield Item("state", node.id, node.id, node.line)


def _ends_badly(machine: Machine, node: Node) -> bool:
    return machine.kind == "workflow" and node.parent is None and node.id in _BADLY


def _transitions(machine: Machine) -> Iterator[Item]:
    for edge in machine.edges:
        key = transition_key(machine, edge)
        if key:
            yield Item("transition", key, key, edge.line or _line(machine, edge))


def _line(machine: Machine, edge: Edge) -> int:
    return machine.by_id[edge.source].line


def transition_key(machine: Machine, edge: Edge) -> str:
    """The name of an edge; "" for one that does not count.

    An error that a workflow's code raises is one thing, wherever it leads to: that depends on
    whether there is something to undo.
    """
    if machine.kind == "lifecycle":
        return edge.id
    if edge.event == "cancel" or edge.source in _BADLY:
        return ""
    if edge.event.startswith("raise "):
        label = f" ({edge.label})" if edge.label else ""
        return f"{edge.source} raises {edge.event.removeprefix('raise ')}{label}"
    if edge.event == "error" and edge.target in _BADLY:
        return ""
    return edge.id


def _guards(machine: Machine) -> Iterator[Item]:
    for edge in machine.edges:
        if edge.guard:
            line = edge.line
            yield Item("guard", f"{edge.id} yes", f"{edge.guard} lets {edge.id} pass", line)
            title = f"{edge.guard} says no to {edge.id}"
            yield Item("guard", f"{edge.id} no", title, line, seen_in_log=False)


def _refusals(machine: Machine) -> Iterator[Item]:
    if machine.unhandled == "refuse":
        for command in machine.commands:
            yield Item("refusal", command, f"{command} is refused", seen_in_log=False)


def _failures(machine: Machine) -> Iterator[Item]:
    called = (*machine.nodes, *_undrawn(machine))
    for node in called:
        if node.kind in ("step", "child"):
            yield Item("failure", node.id, f"{node.id} fails", node.line)
        elif node.kind in ("approval", "wait") and node.timeout and not node.outrun:
            yield Item("failure", node.id, f"{node.id} times out", node.line)
    for node in called:
        if node.compensated:
            yield Item("undo", node.id, f"{node.id} is undone", node.line)


def _undrawn(machine: Machine) -> Iterator[Node]:
    """The calls that are not written in a join, which is drawn with its calls as states."""
    drawn = {_without_joins(node, machine.by_id) for node in machine.nodes}
    calls = {call.id: call for call in machine.calls}
    for call in machine.calls:
        name = _without_joins(call, calls)
        inside = any(name == _without_joins(one, calls) != one.id for one in machine.calls)
        if name not in drawn and (name != call.id or not inside):
            yield call


def _without_joins(node: Node, known: Mapping[str, Node]) -> str:
    """What a log calls a state: by the helpers that it is in, and not by joins."""
    found: list[str] = []
    at: Node | None = node
    while at is not None:
        if at.kind != "parallel" or at is node:
            found.append(at.id if at.parent is None else at.id.removeprefix(f"{at.parent}/"))
        at = None if at.parent is None else known[at.parent]
    return "/".join(reversed(found))
