"""Laws of checks over nested states: walks of the kernel see nothing that a check says is not."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from interlock.machines.check import judged, problems
from interlock.machines.checks.configurations import walked
from interlock.machines.errors import EndlessChain
from interlock.machines.ir import Edge, Machine
from interlock.machines.kernel import Chart, Microstep, Snapshot, begin, react
from machines.charts import charts

NEAR = 2
MANY = 120
DEEP = 8
"""Answers of guards that vary in one event."""


def candidates(machine: Machine, state: str, event: str) -> list[Edge | None]:
    """What a state may answer when each guard may say anything."""
    found: list[Edge | None] = []
    for edge in sorted(machine.edges, key=lambda edge: edge.order):
        if (edge.source, edge.event) == (state, event):
            found.append(edge)
            if not edge.guard:
                return found
    return [*found, None]


def outcomes(machine: Machine, chart: Chart, at: Snapshot | None, event: str) -> Iterator[Snapshot]:
    """The oracle: where one event leads for each way of answering, tried one after another."""
    waiting = deque[tuple[int, ...]]([()])
    while waiting:
        answers = waiting.popleft()
        sizes: list[int] = []

        def choose(
            state: str, event: str, given: tuple[int, ...] = answers, asked: list[int] = sizes
        ) -> Edge | None:
            possible = candidates(machine, state, event)
            asked.append(len(possible))
            return possible[given[len(asked) - 1] if len(asked) <= len(given) else 0]

        try:
            steps = [*(begin(chart, choose) if at is None else react(chart, at, event, choose))]
        except EndlessChain:
            continue
        finally:
            for place in range(len(answers), min(len(sizes), DEEP)):
                before = (*answers, *[0] * (place - len(answers)))
                waiting.extend((*before, other) for other in range(1, sizes[place]))
        if steps:
            yield steps[-1].after


def bare(machine: Machine) -> Machine:
    """Without `always`: the oracle lists what follows by itself only for few answers."""
    edges = tuple(edge for edge in machine.edges if edge.event != "always")
    return msgspec.structs.replace(machine, edges=edges)


def key(at: Snapshot) -> tuple[object, ...]:
    return at.active, tuple(sorted(at.history.items()))


@given(charts(depth=2))
def test_every_near_configuration_is_seen_and_nothing_nearer(machine: Machine) -> None:
    machine = bare(machine)
    chart = Chart(machine)
    walk = walked(machine, chart, MANY)
    assume(walk.complete)
    resting = {key(spot.snapshot) for spot in walk.spots if spot.rests or spot.ends}
    seen = {key(at): at for at in outcomes(machine, chart, None, "")}
    events = {e.event for e in machine.edges if not e.event.startswith("done")}
    for _ in range(NEAR):
        assert seen.keys() <= resting
        for at in list(seen.values()):
            if machine.by_id[at.active[0]].kind != "final":
                ways = (o for e in sorted(events) for o in outcomes(machine, chart, at, e))
                seen |= {key(to): to for to in itertools.islice(ways, 1000)}
    near = {
        key(spot.snapshot)
        for number, spot in enumerate(walk.spots)
        if (spot.rests or spot.ends) and len(walk.trace(number)) == 1
    }
    assert near <= seen.keys()


@given(charts(), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2**12)), max_size=30))
def test_no_walk_takes_enters_or_ends_what_a_check_says_is_never(
    machine: Machine, moves: list[tuple[int, int]]
) -> None:
    chart = Chart(machine)
    found = problems(machine)
    never = {p.message.split("'")[1] for p in found if p.code in ("ILK085", "ILK132")}
    closed = {p.state for p in found if p.code == "ILK082"}
    lost = {p.state for p in found if p.code == "ILK084" and p.trace == ()}
    events = sorted({e.event for e in machine.edges if e.event[:4] not in ("alwa", "done")})
    bits = 0

    def choose(state: str, event: str) -> Edge | None:
        nonlocal bits
        possible = candidates(machine, state, event)
        bits, place = bits // 2, bits % 2
        return possible[min(place, len(possible) - 1)]

    def follow(steps: Iterator[Microstep], at: Snapshot | None) -> Snapshot | None:
        try:
            for step in steps:
                assert not {edge.id for edge in step.edges} & never
                assert not set(step.after.active) & closed
                at = step.after
        except EndlessChain:
            return None
        return at

    at = follow(begin(chart, choose), None)
    for event, answers in moves:
        bits = answers
        if at is None or machine.by_id[at.active[0]].kind == "final" or not events:
            break
        at = follow(react(chart, at, events[event % len(events)], choose), at)
    assert at is None or not (machine.by_id[at.active[0]].kind == "final" and lost)


@given(charts(depth=2))
def test_each_verdict_is_one_and_problems_make_it_refuted(machine: Machine) -> None:
    for one in judged(machine, limit=50):
        assert (one.verdict == "refuted") == bool(one.problems)
        assert (one.verdict == "bounded") <= bool(one.bound)
