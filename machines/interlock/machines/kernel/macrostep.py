"""A macrostep: what an event sets in motion, until nothing follows by itself any more."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from interlock.machines.errors import EndlessChain
from interlock.machines.ir import ALWAYS
from interlock.machines.kernel.chart import Chart, Choose
from interlock.machines.kernel.readable import readable
from interlock.machines.kernel.snapshot import Microstep, Snapshot

LONGEST_CHAIN = 100
"""Microsteps that may follow by themselves from one event."""


def begin(chart: Chart, choose: Choose) -> Iterator[Microstep]:
    """Enter the initial states, and take what follows; see `react`."""
    return _go_on(chart, chart.begin(), choose)


def react(chart: Chart, snapshot: Snapshot, event: str, choose: Choose) -> Iterator[Microstep]:
    """Take what `event` takes, and what follows by itself: none for an event that takes nothing.

    Each microstep is yielded before the next is chosen, so that `choose` can ask the guards with
    what the one before has changed.

    Args:
        chart: the machine.
        snapshot: where the run is.
        event: its name.
        choose: asks the guards.

    Raises:
        EndlessChain: more than `LONGEST_CHAIN` microsteps followed.
    """
    edges = chart.select(snapshot, event, choose)
    if edges:
        yield from _go_on(chart, chart.take(snapshot, edges), choose)


def _go_on(chart: Chart, step: Microstep, choose: Choose) -> Iterator[Microstep]:
    yield step
    waiting = deque(step.raised)
    for _ in range(LONGEST_CHAIN):
        if step.done:
            return
        edges = chart.select(step.after, ALWAYS, choose)
        while not edges and waiting:
            edges = chart.select(step.after, waiting.popleft(), choose)
        if not edges:
            return
        step = chart.take(step.after, edges)
        waiting += step.raised
        yield step
    where = readable(chart.machine, step.after.active)
    text = (
        f"{chart.machine.name} moves on by itself for ever: after {LONGEST_CHAIN} transitions it "
        f"was in {where!r}; let the guards of its `always` come to an end"
    )
    raise EndlessChain(text)
