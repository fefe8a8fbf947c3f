"""What the states and edges of a machine must be, so that the kernel can move in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from interlock.machines.ir import Edge, Machine, Node


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that the kernel cannot run.

    Attributes:
        state: where.
        text: what it is, and what to do.
        line: line of the author's source file, 0 for none.
    """

    state: str
    text: str
    line: int


def flaws(machine: Machine) -> Iterator[Flaw]:
    """Every flaw of the nesting. A workflow's states may lack what only defaults would enter."""
    if all(node.parent is None and node.kind in _FLAT for node in machine.nodes):
        return
    by_id = machine.by_id
    children: dict[str, list[Node]] = {}
    for node in machine.nodes:
        if node.parent is not None:
            children.setdefault(node.parent, []).append(node)
    lost = [node for node in machine.nodes if not _is_rooted(machine, node)]
    for node in lost:
        text = f"the parents of {node.id!r} do not lead to the top"
        yield Flaw(node.id, text, node.line)
    if lost:
        return
    for node in machine.nodes:
        parent = None if node.parent is None else by_id[node.parent]
        for text in _of_node(machine, node, parent, children.get(node.id, [])):
            yield Flaw(node.id, text, node.line)
    for edge in machine.edges:
        for text in _of_edge(machine, edge):
            yield Flaw(edge.source, text, edge.line)


_FLAT = ("initial", "step", "approval", "sleep", "wait", "atomic", "final")


def _of_node(
    machine: Machine, node: Node, parent: Node | None, children: list[Node]
) -> Iterator[str]:
    name = node.id
    if parent is not None and parent.kind not in ("compound", "parallel"):
        what = f"{name!r} is in {parent.id!r}, which is {parent.kind}"
        yield f"{what}: only compound and parallel states have others inside"
    if node.kind == "parallel":
        if machine.kind != "workflow" and not any(child.kind != "history" for child in children):
            yield f"{name!r} is parallel and has no regions"
        if any(child.kind == "final" for child in children):
            yield f"a region of {name!r} is final; put the final state inside the region"
        if node.initial is not None:
            yield f"{name!r} is parallel: all its regions begin, so it has no initial state"
    elif node.kind == "compound":
        if not any(child.kind != "history" for child in children):
            yield f"{name!r} is compound and has no states inside"
        elif node.initial is None and machine.kind != "workflow":
            yield f"{name!r} does not say which of its states is entered first"
    if node.kind == "history":
        if parent is None:
            yield f"the history {name!r} is in no state whose children it could remember"
    elif node.initial is not None and node.kind not in ("compound", "parallel"):
        yield f"{name!r} has an initial state, but is {node.kind}"
    yield from _beginning(machine, node, parent)


def _beginning(machine: Machine, node: Node, parent: Node | None) -> Iterator[str]:
    first = () if node.initial is None else (node.initial, *node.more)
    inside = parent.id if node.kind == "history" and parent is not None else node.id
    for name in first:
        if name not in machine.by_id or inside not in _upward(machine, name):
            yield f"{node.id!r} begins in {name!r}, which is not inside {inside!r}"
            return
    yield from _together(machine, node.id, first)


def _of_edge(machine: Machine, edge: Edge) -> Iterator[str]:
    known = machine.by_id
    if any(end not in known for end in (edge.source, *edge.targets)):
        return  # said elsewhere
    if known[edge.source].kind == "history":
        yield f"{edge.id!r} starts from a history; give it a default instead"
    if known[edge.source].kind == "final" and known[edge.source].parent is not None:
        yield f"{edge.id!r} starts from {edge.source!r}, which is final"
    yield from _together(machine, edge.id, edge.targets)


def _together(machine: Machine, who: str, names: tuple[str, ...]) -> Iterator[str]:
    """Several states can be entered at once only in several regions."""
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            if one in machine.by_id and other in machine.by_id:
                above = [one, *_upward(machine, one)]
                shared = next((s for s in (other, *_upward(machine, other)) if s in above), None)
                parallel = shared is not None and machine.by_id[shared].kind == "parallel"
                if not parallel or shared in (one, other):
                    yield f"{who!r} leads to {one!r} and {other!r}, which cannot be active together"


def _upward(machine: Machine, name: str) -> list[str]:
    found: list[str] = []
    parent = machine.by_id[name].parent
    while parent is not None:
        found.append(parent)
        parent = machine.by_id[parent].parent
    return found


def _is_rooted(machine: Machine, node: Node) -> bool:
    seen = {node.id}
    while node.parent is not None:
        if node.parent in seen or node.parent not in machine.by_id:
            return False
        seen.add(node.parent)
        node = machine.by_id[node.parent]
    return True
