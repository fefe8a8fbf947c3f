"""Which edges of a workflow a run took, when it was here and is there."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.machines.ir import Edge, Machine


def edges_between(machine: Machine, source: str, target: str) -> Iterator[Edge]:
    """The edges from one state to another, with those out of and into helpers on the way."""
    outward, inward = [*_around(machine, source)], [*_around(machine, target)]
    pairs = [(a, b) for a in range(len(outward)) for b in range(len(inward))]
    for up, down in sorted(pairs, key=sum):
        if (outward[up], inward[down]) in machine.moves:
            yield from _edges(machine, outward[up], inward[down])
            for state in outward[:up]:
                yield from _last(machine, state)
            for state in inward[:down]:
                yield from _first(machine, state)
            return


def _around(machine: Machine, state: str) -> Iterator[str]:
    found: str | None = state
    while found is not None:
        yield found
        node = machine.by_id.get(found)
        found = None if node is None else node.parent


def _edges(machine: Machine, source: str, target: str) -> list[Edge]:
    return [edge for edge in machine.edges if edge.source == source and target in edge.targets]


def _last(machine: Machine, state: str) -> Iterator[Edge]:
    """Out of a helper."""
    for edge in machine.edges:
        if edge.source == state and machine.by_id[edge.target].kind == "final":
            yield edge


def _first(machine: Machine, state: str) -> Iterator[Edge]:
    """Into a helper."""
    for edge in machine.edges:
        if edge.target == state and machine.by_id[edge.source].kind == "initial":
            yield edge
