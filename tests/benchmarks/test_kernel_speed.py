"""Speed of the kernel. Run with `pytest tests/benchmarks --benchmark-only`."""

from __future__ import annotations

import time

import pytest

from benchmarks.floors import Report, Timed
from interlock.machines.guard import Guard
from interlock.machines.ir import Edge, Machine, Node
from interlock.machines.kernel import Chart, Snapshot, react
from interlock.machines.selector import Selector


def agrees(data: int, command: object) -> bool:
    return data >= 0


def ring(states: int, place: str = "") -> tuple[list[Node], list[Edge]]:
    """States in a circle, each led on by `next` under a guard."""
    names = [f"{place}s{number}" for number in range(states)]
    parent = place.rstrip("/") or None
    nodes = [Node(id=name, kind="atomic", parent=parent) for name in names]
    edges = [
        Edge(id=f"{a} on", source=a, target=b, event="next", guard="agrees")
        for a, b in zip(names, [*names[1:], names[0]], strict=True)
    ]
    return nodes, edges


def flat() -> Machine:
    nodes, edges = ring(12)
    return Machine(
        name="ring", kind="lifecycle", initial="s0", nodes=tuple(nodes), edges=tuple(edges)
    )


def regions(count: int) -> Machine:
    nodes, edges = [Node(id="all", kind="parallel")], list[Edge]()
    for number in range(count):
        name = f"r{number}"
        inner, moves = ring(4 + number, f"{name}/")
        nodes += [Node(id=name, kind="compound", parent="all", initial=f"{name}/s0"), *inner]
        edges += moves
    return Machine(
        name="rings", kind="lifecycle", initial="all", nodes=tuple(nodes), edges=tuple(edges)
    )


@pytest.mark.parametrize(
    ("name", "machine", "goal"),
    [("flat", flat(), 80_000), ("two regions", regions(2), 40_000), ("four", regions(4), 20_000)],
)
def test_decisions(timed: Timed, report: Report, name: str, machine: Machine, goal: int) -> None:
    chart = Chart(machine)
    guards: dict[str, tuple[Guard, ...]] = {edge.id: (agrees,) for edge in machine.edges}
    selector = Selector(machine, guards)
    count = 20_000

    def drive() -> tuple[float, Snapshot]:
        def choose(state: str, event: str) -> Edge | None:
            return selector.select(state, event, 1, None).edge

        snapshot = chart.begin().after
        began = time.perf_counter()
        for _ in range(count):
            for step in react(chart, snapshot, "next", choose):
                snapshot = step.after
        return time.perf_counter() - began, snapshot

    spent, last = timed(drive, 3)
    assert chart.problem(last.active) == ""
    report(f"kernel, {name}: {count / spent:.0f} guarded decisions/s (goal {goal})")
