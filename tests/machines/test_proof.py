"""Laws of proofs: what is proved holds on every walk, what is refuted fails on a shortest one."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from interlock.machines import HandlerFailed, Lifecycle, Refused
from interlock.machines.proof import Result, as_pytest, explore, prove
from interlock.testing import Scenario
from machines.small_lifecycles import EVERY, Rule, Spot, lifecycle, rules

Move: TypeAlias = Any
DEEP = 3


def moves(kind: type[Lifecycle[Any, Any]], state: str) -> list[Move]:
    """Every command, and the timer that is due first."""
    timers = kind.program().timers(state)
    first = min(timers, key=lambda timer: timer[1], default=None)
    return [*EVERY, *([] if first is None else [first[0]])]


def walk(kind: type[Lifecycle[Any, Any]], path: list[Move]) -> Scenario[Any, Any] | None:
    """The oracle: one walk by a scenario; None when it cannot be taken."""
    scenario = Scenario(kind)
    for move in path:
        if isinstance(move, str):
            scenario.fires(move)
            continue
        scenario.when(move)
        if scenario.refusal is not None:
            return None
    return scenario


def every_walk(kind: type[Lifecycle[Any, Any]], longest: int) -> list[tuple[list[Move], Any]]:
    """All walks of at most so many events, shortest first; those that fail are left out."""
    found: list[tuple[list[Move], Any]] = []
    paths: list[list[Move]] = [[]]
    for _ in range(longest + 1):
        further: list[list[Move]] = []
        for path in paths:
            try:
                scenario = walk(kind, path)
            except HandlerFailed:
                continue
            if scenario is not None:
                found.append((path, scenario))
                further += [[*path, m] for m in moves(kind, scenario.configuration[0])]
        paths = further
    return found


def of(results: list[Result], code: str) -> Result:
    return next(result for result in results if result.code == code)


@given(drawn=st.lists(rules, max_size=5), below=st.integers(1, 6))
def test_a_broken_invariant_has_a_shortest_trace_and_a_proved_one_no_walk(
    drawn: list[Rule], below: int
) -> None:
    kind = lifecycle(drawn, below)
    result = of(prove(kind), "ILK170")
    walks = every_walk(kind, DEEP)
    broken = [path for path, scenario in walks if scenario.data.n >= below]
    if result.verdict == "proved":
        assert not broken
        return
    assert result.verdict == "refuted"
    assert result.trace is not None
    assert result.trace.data.n >= below
    if broken or len(result.trace.events) <= DEEP:
        assert len(result.trace.events) == len(broken[0])
    path = [event.command or event.edge for event in result.trace.events]
    scenario = walk(kind, path)
    assert scenario is not None
    assert (scenario.data, scenario.state) == (result.trace.data, result.trace.state)
    with pytest.raises(AssertionError, match="stays_below does not hold"):
        scenario.holds()


@given(drawn=st.lists(rules, max_size=5))
def test_every_walk_stays_in_what_was_explored_and_takes_what_was_taken(drawn: list[Rule]) -> None:
    kind = lifecycle(drawn, 9)
    found = explore(kind)
    assert (found.complete, found.whole) == (True, True)
    places = {(p.snapshot.active, p.data.model_dump_json()) for p in found.places}
    taken: set[str] = set()
    reached: set[tuple[tuple[str, ...], str]] = set()
    for _, scenario in every_walk(kind, DEEP):
        reached.add((scenario.configuration, scenario.data.model_dump_json()))
        taken |= set(scenario.taken)
    assert reached <= places
    assert taken <= found.taken
    near = {
        (p.snapshot.active, p.data.model_dump_json())
        for number, p in enumerate(found.places)
        if len(found.trace(number).events) <= DEEP
    }
    assert near <= reached


@given(drawn=st.lists(rules, max_size=5))
def test_stuck_lost_and_failing_runs_are_what_walks_show(drawn: list[Rule]) -> None:
    kind = lifecycle(drawn, 9)
    results = prove(kind)
    stuck, lost, failing = (of(results, code) for code in ("ILK172", "ILK173", "ILK171"))
    if stuck.verdict == "refuted":
        assert stuck.trace is not None
        scenario = walk(kind, [e.command or e.edge for e in stuck.trace.events])
        assert scenario is not None
        assert not scenario.over
        for move in moves(kind, scenario.configuration[0]):
            assert not _moves_on(kind, stuck, move)
        assert lost.verdict == "refuted"  # who cannot move comes to no end
    if failing.verdict == "refuted":
        assert failing.trace is not None
        assert failing.trace.last is not None
        path = [e.command or e.edge for e in (*failing.trace.events, failing.trace.last)]
        with pytest.raises(HandlerFailed, match="a method fails"):
            walk(kind, path)
    unreached = {r.about for r in results if r.code == "ILK175" and r.verdict == "refuted"}
    found = explore(kind)
    assert unreached == {*Spot} - {p.snapshot.active[0] for p in found.places}


def _moves_on(kind: type[Lifecycle[Any, Any]], stuck: Result, move: Move) -> bool:
    assert stuck.trace is not None
    path = [e.command or e.edge for e in stuck.trace.events]
    scenario = walk(kind, path)
    assert scenario is not None
    try:
        if isinstance(move, str):
            scenario.fires(move)
        else:
            scenario.when(move)
    except (HandlerFailed, Refused):
        return False
    return scenario.refusal is None


@given(drawn=st.lists(rules, min_size=1, max_size=5), below=st.integers(1, 3))
def test_a_counter_example_is_a_test_that_fails(drawn: list[Rule], below: int) -> None:
    kind = lifecycle(drawn, below)
    result = of(prove(kind), "ILK170")
    assume(result.verdict == "refuted")
    text = as_pytest(kind, result)
    names: dict[str, Any] = {}
    module = text.replace("lifecycle.<locals>.Small", "Small")
    lines = [line for line in module.splitlines() if "import lifecycle" not in line]
    exec("from machines.small_lifecycles import *", names)
    names["Small"] = kind
    exec("\n".join(lines), names)
    test = next(value for name, value in names.items() if name.startswith("test_"))
    with pytest.raises(AssertionError, match="stays_below does not hold"):
        test()
