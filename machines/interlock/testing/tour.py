"""Shortest ways through a lifecycle: every transition that can be reached is taken."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from pydantic import ValidationError

from interlock.machines.command import Command
from interlock.machines.errors import BadDefinition
from interlock.machines.proof.domain import instances
from interlock.testing.moves import Case, Move, Pass, Send
from interlock.testing.payloads import nearby, payload, values_in
from interlock.testing.reached import reached_of, unreached
from interlock.testing.scenario import Scenario
from interlock.testing.strategies import accepted
from interlock.testing.subject import FAILURES, Subject

_PLACES = 8
"""Places that are looked at, at most, with the same states and other data."""

_MORE = 60
"""As many, where transitions are left that were not taken."""

UNHURRIED = (
    HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.too_slow,
    HealthCheck.large_base_example, HealthCheck.nested_given,
)  # fmt: skip
"""What Hypothesis is not to complain about: runs are long, and tests are run inside of tests."""

_Samples: TypeAlias = dict[type[Command], list[Any]]

_SAMPLES = 6
"""Values of each command that are tried at each place, besides those found in the data."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """Somewhere that a run came to, and how."""

    scenario: Scenario[Any, Any]
    start: Any
    moves: tuple[Move, ...]
    before: tuple[str, ...] = ()  # the transitions of the move before the last
    novel: bool = True  # the last move took what none had taken behind the one before it


def tour(subject: Subject) -> list[Case]:
    """For every transition that was reached, and every two that follow each other, a shortest case.

    Breadth first over what the commands' values, listed or sampled, lead to. Where a method fails
    or an invariant does not hold the way to there is a case as well.
    """
    samples = {kind: _samples(subject, kind) for kind in subject.program.commands.values()}
    found: dict[str, Case] = {}
    begun: list[_Spot] = []
    for start in sampled(subject.beginning(), _SAMPLES):
        try:
            scenario = Scenario(subject.kind, start)
        except FAILURES as error:
            reached_of(subject).began = error.message
            return [Case(start)]
        reached_of(subject).begins(scenario.configuration, scenario.taken)
        begun.append(_Spot(scenario, start, ()))
        _note(found, scenario, begun[-1])
    for places in (_PLACES, _MORE):
        _explore(subject, begun, samples, found, places)
        if not unreached(subject):
            break
    return _whole([*found.values()])


def _explore(
    subject: Subject, begun: list[_Spot], samples: _Samples, found: dict[str, Case], places: int
) -> None:
    """Look on from each place, breadth first; from so many of the same states."""
    known: set[str] = set()
    seen: Counter[tuple[str, ...]] = Counter()
    todo = deque(begun)
    while todo:
        spot = todo.popleft()
        here = spot.scenario.configuration
        key = repr((here, spot.scenario.data))
        full = seen[here] >= places and not spot.novel
        if key in known or spot.scenario.over or full:
            continue
        known.add(key)
        seen[here] += 1
        for move in _moves(subject, spot.scenario, samples):
            behind = _behind(subject, spot, move, found)
            if behind is not None:
                novel = _note(found, behind.scenario, behind)
                _look(subject, found, behind)
                todo.append(replace(behind, novel=novel))


def _behind(subject: Subject, spot: _Spot, move: Move, found: dict[str, Case]) -> _Spot | None:
    twin, moves = spot.scenario.twin(), (*spot.moves, move)
    reached, before = reached_of(subject), spot.scenario.configuration
    try:
        if isinstance(move, Send):
            twin.when(move.command)
        elif isinstance(move, Pass) and move.time is not None:
            twin.passes(move.time)
    except FAILURES as error:
        found.setdefault(f"! {error.message}", Case(spot.start, moves))
        reached.moves(before, move, twin, error.message)
        return None
    reached.moves(before, move, twin)
    return _Spot(twin, spot.start, moves, spot.scenario.taken) if twin.taken else None


def _note(found: dict[str, Case], scenario: Scenario[Any, Any], spot: _Spot) -> bool:
    """Keep what the last move took, if it is the first to do so; whether it is."""
    taken = {f"{before} {edge}" for edge in scenario.taken for before in spot.before or ("",)}
    novel = not taken <= found.keys()
    for pair in taken:
        found.setdefault(pair, Case(spot.start, spot.moves))
    return novel


def _look(subject: Subject, found: dict[str, Case], spot: _Spot) -> None:
    """Keep the first case in which an invariant does not hold."""
    scenario = spot.scenario
    for invariant in subject.invariants:
        name = f"! {invariant.name}"
        if name not in found:
            with suppress(*FAILURES):  # it is looked at again, and told, by its law
                if invariant.broken(scenario.configuration, scenario.data) is not None:
                    found[name] = Case(spot.start, spot.moves)


def _moves(subject: Subject, scenario: Scenario[Any, Any], samples: _Samples) -> Iterator[Move]:
    for kind in accepted(subject.program, scenario.configuration):
        yield from map(Send, samples[kind])
        yield from map(Send, _near(samples[kind][:1], scenario.data))
    if scenario.timers:
        yield Pass(min(scenario.timers.values()) - scenario.now)


def _kind_of(value: object) -> type[object]:
    return type(value)


def _near(samples: list[Any], data: object) -> Iterator[Command]:
    """A command with values that the run's data hold."""
    pool = values_in(data)
    for command in samples:
        kind = cast("Any", type(command))
        for name, value in command:
            for other in nearby(pool.get(_kind_of(value), [])[:_SAMPLES]):
                try:
                    yield kind(**{**dict(command), name: other})
                except ValidationError:
                    continue


def _samples(subject: Subject, kind: type[Command]) -> list[Any]:
    listed: tuple[Any, ...] = ()
    if not subject.payloads:
        try:
            listed = instances(kind, {}).values[: _SAMPLES * 2]
        except BadDefinition:
            listed = ()
    found = [*listed]
    for value in sampled(payload(kind, subject.payloads), _SAMPLES):
        if value not in found:
            found.append(value)
    return found


def _whole(cases: list[Case]) -> list[Case]:
    """Those that are not the beginning of another."""
    return [
        case
        for number, case in enumerate(cases)
        if not any(
            _begins(other, case) and (other.moves != case.moves or place < number)
            for place, other in enumerate(cases)
            if place != number
        )
    ]


def _begins(whole: Case, part: Case) -> bool:
    return whole.moves[: len(part.moves)] == part.moves and repr(whole.start) == repr(part.start)


def sampled(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """Some values of a strategy, the simplest first, the same ones each time."""
    found: list[Any] = []

    @settings(
        max_examples=count, database=None, derandomize=True, deadline=None,
        phases=[Phase.generate], suppress_health_check=UNHURRIED,
    )  # fmt: skip
    @given(strategy)
    def draw(value: Any) -> None:
        found.append(value)

    with suppress(Unsatisfiable):
        draw()
    return found
