"""Laws of proofs: what is proved holds on every walk, what is refuted fails on a shortest one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Flag, IntFlag, StrEnum
from typing import Annotated, Any, Literal, TypeAlias, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, model_validator

from interlock.machines import (
    BadDefinition,
    Command,
    HandlerFailed,
    Lifecycle,
    MachineError,
    Refuse,
    Refused,
    on,
)
from interlock.machines.ir import Unhandled
from interlock.machines.proof import Result, as_pytest, explore, invariant, prove
from interlock.machines.proof.domain import domain_of
from interlock.testing import Scenario
from machines import provable
from machines.small_lifecycles import EVERY, Count, Rule, Spot, Step, lifecycle, rules

Move: TypeAlias = Any
DEEP = 3 if os.environ.get("INTERLOCK_PROFILE") == "long" else 2


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


words = st.sampled_from(["refuse", "ignore", "defer"])


@given(drawn=st.lists(rules, max_size=5), below=st.integers(1, 6), word=words)
def test_a_broken_invariant_has_a_shortest_trace_and_a_proved_one_no_walk(
    drawn: list[Rule], below: int, word: Unhandled
) -> None:
    kind = lifecycle(drawn, below, word)
    result = of(prove(kind), "ILK170")
    walks = every_walk(kind, DEEP)
    broken = [path for path, scenario in walks if scenario.data.n >= below]
    if result.verdict == "proved" or (word == "defer" and result.verdict == "bounded"):
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


@given(drawn=st.lists(rules, max_size=5), word=words)
def test_every_walk_stays_in_what_was_explored_and_takes_what_was_taken(
    drawn: list[Rule], word: Unhandled
) -> None:
    kind = lifecycle(drawn, 9, word)
    found = explore(kind)
    assert found.complete
    assert found.whole or word == "defer"
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


@given(drawn=st.lists(rules, max_size=4), below=st.integers(1, 3))
def test_a_counter_example_is_a_test_that_fails(drawn: list[Rule], below: int) -> None:
    counts = Rule(Spot.A, Spot.B, Step, 0, 2, -1)
    kind = lifecycle([counts, *drawn], below)
    result = of(prove(kind), "ILK170")
    assert result.verdict == "refuted"
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


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


@dataclass(frozen=True)
class Box:
    size: Size
    lid: bool


class Wrapped(BaseModel):
    box: Box
    sign: Literal["+", "-"] | None
    both: tuple[bool, Annotated[int, Field(gt=0, lt=3)]]

    @model_validator(mode="after")
    def _large_ones_have_a_lid(self) -> Wrapped:
        if self.box.size is Size.LARGE and not self.box.lid:
            raise ValueError("a large one has a lid")
        return self


def test_finite_types_are_listed_whole_and_each_value_once() -> None:
    domain = domain_of(Wrapped, {}, "Wrapped")
    assert domain.whole
    assert len(domain.values) == len({v.model_dump_json() for v in domain.values}) == 3 * 3 * 4
    assert domain_of(Annotated[int, Field(ge=-2, le=2)], {}, "x").values == (-2, -1, 0, 1, 2)


class Right(Flag):
    READ = 1
    WRITE = 2
    BOTH = 3
    ADMIN = 12


class Many(IntFlag):
    A, B, C, D, E, F, G, H, I, J = (1 << n for n in range(10))  # noqa: E741  letters for names


def test_flags_are_listed_in_every_combination_unless_there_are_too_many() -> None:
    every = {Right(low | high) for low in range(4) for high in (0, 12)}
    domain = domain_of(Right, {}, "x")
    assert (set(domain.values), len(domain.values), domain.whole) == (every, 8, True)
    many = domain_of(Many, {}, "x")
    assert (len(many.values), many.whole) == (12, False)
    assert many.samples == ("Many: none, each alone, and all of them",)


class Grant(Command):
    rights: Right


class Guest(BaseModel):
    rights: Right = Right(0)


class Granted(Lifecycle[Spot, Guest], initial=Spot.A, final={Spot.B}):
    @on(Grant, source=Spot.A, target=Spot.B)
    def granted(self, guest: Guest, command: Grant) -> Guest:
        return Guest(rights=command.rights)

    @invariant
    def is_not_everything(self, guest: Guest) -> bool:
        return Right.BOTH not in guest.rights

    @invariant
    def begins_without(self, guest: Guest) -> bool | Refuse:
        return True


def test_a_combination_of_flags_breaks_what_no_single_one_does() -> None:
    result = of(prove(Granted), "ILK170")
    assert (result.verdict, result.start) == ("refuted", "Guest(rights=<Right: 0>)")
    assert "begun with" not in str(result)  # which the trace says


def test_a_verdict_names_the_data_that_runs_begin_with() -> None:
    told = [str(result) for result in prove(Granted)]
    assert told[1] == "proved: begins_without holds (begun with Guest(rights=<Right: 0>))"
    given = [Guest(rights=right) for right in (Right.READ, Right.ADMIN, Right.WRITE)]
    assert "3 in all" in prove(Granted, starts=given)[1].start


TRIED: list[tuple[Any, tuple[Any, ...]]] = [
    (int, (0, 1, 2)), (list[bool], ([], [False])), (str | None, ("a", None)),
    (Annotated[int, Field(ge=0)], (0, 1, 2)), (tuple[str, ...], ((), ("a",))),
]  # fmt: skip


@pytest.mark.parametrize(("hint", "tried"), TRIED)
def test_of_others_a_few_are_tried(hint: Any, tried: tuple[object, ...]) -> None:
    domain = domain_of(hint, {}, "x")
    assert (domain.values, domain.whole) == (tried, False)
    given = domain_of(hint, {hint: tried[:1]}, "x")
    assert (given.values, given.whole) == (tried[:1], False)
    assert given.samples[0].startswith("x tried with")
    assert domain_of(hint, {"x": tried[1:2], hint: tried[:1]}, "x").values == tried[1:2]


def test_an_invariant_that_fails_or_answers_something_else_is_the_authors_fault() -> None:
    class Wrong(Lifecycle[Spot, Count], initial=Spot.A):
        @invariant(Spot.A)
        def holds(self, count: Count) -> bool:
            return cast("bool", count.n or "yes")

    with pytest.raises(HandlerFailed, match="returned 'yes'"):
        prove(Wrong)
    with pytest.raises(BadDefinition, match="takes states"):
        cast("Any", invariant)("a")


def test_a_scenario_says_how_it_is_otherwise() -> None:
    kind = lifecycle(
        [Rule(Spot.A, Spot.B, Step, 1, 0, -1), Rule(Spot.B, Spot.D, None, 0, 1, -1)], 9
    )
    begun = Scenario(kind, Count(n=1)).when(Step(by=2))
    checks: tuple[tuple[Callable[[], object], str], ...] = (
        (lambda: begun.then(Spot.A), "stands in 'b', not in 'a'"),
        (lambda: begun.then(having={"n": 4}), "n is 3, not 4"),
        (lambda: begun.then(data=Count()), "not Count"),
        (lambda: begun.then(effects=["mail"]), "to be done is"),
        (begun.refused, "it was accepted"),
        (lambda: begun.fires("x"), "no timer 'x' is set in 'b'; set: b.move_1"),
        (lambda: Scenario(kind).given(Step(by=0)), "Step"),
        (lambda: Scenario(kind).when(Step(by=0)).refused("nonsense"), "'nonsense' is not in"),
        (lambda: Scenario(kind).when(Step(by=0)).then(Spot.B), "Accepted there"),
    )
    for check, says in checks:
        with pytest.raises(AssertionError, match=says):
            check()
    assert begun.passes("1 hour").state == "b"
    begun.passes("1 hour").then(Spot.D, having={"n": 4})
    assert (begun.over, begun.taken) == (True, ("b.move_1",))
    with pytest.raises(MachineError, match="no invariant 'other'"):
        begun.holds("other")


def test_an_invariant_that_gives_no_reason_is_told_without_one() -> None:
    broken = Scenario(provable.Shop, provable.Cart(paid=1, refunded=2))
    with pytest.raises(AssertionError, match=r"refunds_fit does not hold .* refunded=2\)$"):
        broken.holds()


def test_samples_that_can_be_nothing_are_refused() -> None:
    kind = lifecycle([Rule(Spot.A, Spot.B, Step, 0, 1, -1)], 9)
    wrong: list[tuple[dict[Any, list[Any]], str]] = [
        ({"Step.nope": [1]}, "samples names 'Step.nope'; there are Count, Step"),
        ({"Setp": [1]}, "samples names 'Setp'"),
        ({"Step.by": ["x"]}, "samples of Step.by: 'x' cannot be one"),
        ({"Step.by": []}, "no Step can be made"),
    ]
    for samples, says in wrong:
        with pytest.raises(BadDefinition, match=says):
            prove(kind, samples=samples)
    assert of(prove(kind, samples={"Step.by": [2]}), "ILK170").verdict == "bounded"
