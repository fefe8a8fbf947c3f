"""Which edges of a workflow a run took, when it was here and is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from interlock.machines.ir import Edge, Machine
from interlock.testing.coverage.whereabouts import around


@dataclass(frozen=True, slots=True)
class Moved:
    """A move from one state to another.

    Attributes:
        edges: that lead there, with those out of and into helpers on the way.
        entered: the states that were entered.
    """

    edges: list[Edge] = field(default_factory=list[Edge])
    entered: list[str] = field(default_factory=list[str])


def moved(machine: Machine, source: str, target: str) -> Moved:
    """The move from one state to another."""
    outward, inward = [*around(machine, source)], [*around(machine, target)]
    pairs = [(a, b) for a in range(len(outward)) for b in range(len(inward))]
    for up, down in sorted(pairs, key=sum):
        if (outward[up], inward[down]) in machine.moves:
            found = _edges(machine, outward[up], inward[down])
            for state in outward[:up]:
                found += _last(machine, state)
            for state in inward[:down]:
                found += _first(machine, state)
            return Moved(found, inward[: down + 1])
    return Moved([], [target, *(state for state in inward[1:] if state not in outward)])


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
