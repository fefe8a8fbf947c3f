"""Whether a workflow may yet take a command that came before its turn."""

from __future__ import annotations

from collections import defaultdict

from interlock.machines.ir import Machine, Node


def may_take(machine: Machine, state: str, command: str) -> bool:
    """Whether a wait for a command stands at a state or may be come to from there.

    Waits that are started beside others count wherever they stand.
    """
    if any(_waits_for(node, command) for node in machine.calls):
        return True
    below, after = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for node in machine.nodes:
        if node.parent is not None:
            below[node.parent].append(node.id)
    for edge in machine.edges:
        after[edge.source] += edge.targets
    waiting, seen = [state], set[str]()
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        here = machine.by_id.get(at)
        if here is not None and _waits_for(here, command):
            return True
        waiting += [*below[at], *_onwards(machine, at, after)]
    return False


def _waits_for(node: Node, command: str) -> bool:
    return node.kind == "wait" and command in node.waits_for.split(", ")


def _onwards(machine: Machine, state: str, after: dict[str, list[str]]) -> list[str]:
    """What follows upon a state, and upon those that it is inside of."""
    found: list[str] = []
    at: str | None = state
    while at is not None:
        found += after.get(at, ())
        node = machine.by_id.get(at)
        at = None if node is None else node.parent
    return found
