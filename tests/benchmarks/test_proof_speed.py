"""Speed of checks and proofs. Run with `pytest tests/benchmarks --benchmark-only`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from benchmarks.floors import Report, Timed
from benchmarks.provable_big import big, by_hand
from interlock.machines.check import judged
from interlock.machines.ir import Edge, Machine, Node
from interlock.machines.proof import explore
from interlock.machines.proof.explore import Found

SIZE = 50 if os.environ.get("INTERLOCK_PROFILE") == "long" else 16
"""A million places, or some thirty thousand."""


def states(count: int, events: int) -> Machine:
    """A flat lifecycle in which every state has so many transitions, half of them with guards."""
    nodes = [Node(id=f"s{n}", kind="final" if n == count - 1 else "atomic") for n in range(count)]
    edges = [
        Edge(
            id=f"{n} on {k}", source=f"s{n}", target=f"s{(n * 7 + k * 3 + 1) % count}",
            event=f"e{k}", guard="g" if k % 2 else "",
        )
        for n in range(count - 1)
        for k in range(events)
    ]  # fmt: skip
    return Machine(
        name="wide", kind="lifecycle", initial="s0", nodes=tuple(nodes), edges=tuple(edges)
    )


def seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def test_a_check_of_fifty_states(timed: Timed, report: Report) -> None:
    machine = states(50, 10)
    verdicts = timed(lambda: judged(machine), 3)
    took = min(seconds(lambda: judged(machine)) for _ in range(3))
    ends = {one.code for one in verdicts if one.verdict == "proved"}
    assert "ILK084" in ends
    report(f"check of 50 states and {len(machine.edges)} transitions: {took * 1e3:.0f} ms")


def test_places_of_a_lifecycle(timed: Timed, report: Report) -> None:
    kind = big(SIZE)

    def look() -> Found:
        return explore(kind, limit=10**7)

    found = timed(look, 1)
    took, floor = seconds(look), seconds(lambda: by_hand(SIZE))
    count = len(found.at)
    assert count == by_hand(SIZE)
    report(
        f"explore: {count} places, {len(found.onward)} ways in {took:.1f} s "
        f"({count / took:.0f} places/s), {took / floor:.1f} times the same by hand with tuples"
    )
