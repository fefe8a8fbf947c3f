"""A machine's graph as sets of states that lead to each other, with every guard left open."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from interlock.machines.ir import DONE, Machine, Node


def following(machine: Machine) -> dict[str, set[str]]:
    """The states that each one leads to: by an edge, or because one is not entered alone."""
    found: dict[str, set[str]] = {node.id: set() for node in machine.nodes}
    for edge in machine.edges:
        found.setdefault(edge.source, set()).update(edge.targets)
    for node in machine.nodes:
        first = set(node.more) if node.initial is None else {node.initial, *node.more}
        found[node.id] |= first
        if node.parent is None or node.parent not in found:
            continue
        parent = machine.by_id[node.parent]
        found[node.id].add(parent.id)
        if node.kind != "history" and parent.kind == "parallel":
            found[parent.id].add(node.id)
    return found


def top_of(machine: Machine, node: Node) -> str:
    """The state at the top that a state is in."""
    seen = {node.id}
    while node.parent is not None and node.parent in machine.by_id and node.parent not in seen:
        seen.add(node.parent)
        node = machine.by_id[node.parent]
    return node.id


def closure(first: Iterable[str], following: Mapping[str, Iterable[str]]) -> set[str]:
    """All that can be come to from some states, these included."""
    seen = set(first)
    todo = list(seen)
    while todo:
        for state in following.get(todo.pop(), ()):
            if state not in seen:
                seen.add(state)
                todo.append(state)
    return seen


def shortest(machine: Machine) -> dict[str, tuple[str, ...]]:
    """The shortest way to each state that can be come to, a line for each move.

    Moves are those of the graph: what is inside of what is not looked at.
    """
    out: dict[str, list[tuple[str, str]]] = {}
    for edge in machine.edges:
        said = event_of(edge.event, edge.label, edge.source)
        out.setdefault(edge.source, []).extend((said, end) for end in edge.targets)
    inside = following(machine)
    ways: dict[str, tuple[str, ...]] = dict.fromkeys((machine.initial, *machine.more), ())
    todo = deque(ways)
    while todo:
        state = todo.popleft()
        for said, end in out.get(state, ()):
            if end not in ways:
                ways[end] = (*ways[state], f"{said} → {end}")
                todo.append(end)
        for end in inside.get(state, ()):
            if end not in ways:  # entered, or left, together with it
                ways[end] = ways[state]
                todo.appendleft(end)
    return ways


def event_of(event: str, label: str, source: str) -> str:
    """What happens on an edge, in a trace."""
    said = f"{source} {event}" if event in (DONE, "error", "cancel") else event
    if event == DONE and source == "start":
        said = "start"
    return f"{said} ({label})" if label else said


def is_done(event: str) -> bool:
    """Whether an event says that nested states have come to their end."""
    return event == DONE or event.startswith(f"{DONE} ")
