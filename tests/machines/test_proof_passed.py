"""A state that is only passed through was entered; a trace ends with what fails."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
from pydantic import BaseModel

from interlock.machines import Command, Lifecycle, Region, always, done, on
from interlock.machines.proof import Result, prove
from interlock.machines.proof.moving import Moving
from machines import joint_shop


class Spot(StrEnum):
    A = "a"
    B = "b"
    C = "c"


class Inner(StrEnum):
    X = "x"
    Y = "y"


class Data(BaseModel):
    pass


class Go(Command):
    pass


class Fin(Command):
    pass


class Ship(Command):
    lost: bool


class Finished(Lifecycle[Spot, Data], initial=Spot.A, final={Spot.C}, name="passed-finished"):
    @on(Go, source=Spot.A, target=Spot.B)
    def go(self, data: Data, command: Go) -> Data:
        return data

    @done(source=Spot.B, target=Spot.C)
    def over(self, data: Data) -> Data:
        return data

    class Inside(Region[Inner, Data], of=Spot.B, initial=Inner.X, final={Inner.Y}):
        @on(Fin, source=Inner.X, target=Inner.Y)
        def fin(self, data: Data, command: Fin) -> Data:
            return data


class Always(Lifecycle[Spot, Data], initial=Spot.A, final={Spot.C}, name="passed-always"):
    @on(Go, source=Spot.A, target=Spot.B)
    def go(self, data: Data, command: Go) -> Data:
        return data

    @always(source=Spot.B, target=Spot.C)
    def on_at_once(self, data: Data) -> Data:
        return data


class AtOnce(Lifecycle[Spot, Data], initial=Spot.B, final={Spot.C}, name="passed-at-once"):
    @always(source=Spot.B, target=Spot.A)
    def begin(self, data: Data) -> Data:
        return data

    @on(Go, source=Spot.A, target=Spot.C)
    def go(self, data: Data, command: Go) -> Data:
        return data


class Failing(Lifecycle[Spot, Data], initial=Spot.A, final={Spot.C}, name="passed-failing"):
    @on(Go, source=Spot.A, target=Spot.B)
    def go(self, data: Data, command: Go) -> Data:
        return data

    @on(Ship, source=Spot.B, target=Spot.C)
    def ship(self, data: Data, command: Ship) -> Data:
        raise ValueError("nothing is shipped")


def of(results: list[Result], code: str) -> list[Result]:
    return [result for result in results if result.code == code]


@pytest.mark.parametrize("kind", [Finished, Always, AtOnce])
def test_a_state_that_is_left_at_once_was_entered(kind: type[Lifecycle[Any, Any]]) -> None:
    (result,) = of(prove(kind), "ILK175")
    assert (result.verdict, result.property) == ("proved", "every state can be entered")


@pytest.mark.parametrize("exactly", [False, True])
@pytest.mark.parametrize(("kind", "passed"), [(Finished, "b/r/y"), (Always, "b")])
def test_both_ways_of_asking_see_what_is_passed(
    kind: type[Lifecycle[Any, Any]], passed: str, *, exactly: bool
) -> None:
    moving = Moving(kind.program(), [Go(), Fin()], exactly=exactly)
    todo, seen = [moving.begin(Data())], set[int]()
    while todo:
        at, data, kept, _ = todo.pop()
        if at not in seen:
            seen.add(at)
            todo += [move for _, move in moving.moves(at, data, kept) if move is not None]
    resting = {state for at in seen for state in moving.places[at].snapshot.active}
    assert {node.rpartition("/")[2] for node in moving.entered - resting} == {
        passed.rpartition("/")[2]
    }


def test_a_state_behind_a_method_that_fails_is_not_entered() -> None:
    results = prove(Failing)
    (never,) = of(results, "ILK175")
    assert (never.about, never.verdict) == ("c", "refuted")
    (failing,) = of(results, "ILK171")
    assert failing.reason.endswith("(places looked at: 2)")
    assert str(failing).splitlines()[1:] == ["  Go() → b", "  Ship(lost=False)"]


def test_what_is_refused_in_a_system_ends_its_trace() -> None:
    (refused,) = of(prove(joint_shop.Shop), "ILK302")
    assert refused.trace is not None
    assert refused.trace.last is not None
    assert len(refused.trace.lines()) == len(refused.trace.events) + 1
    assert refused.trace.lines()[-1] == "order: Charged() (sent)"


class Waiting(
    Lifecycle[Spot, Data], initial=Spot.A, final={Spot.C}, name="passed-waiting",
    unhandled={Spot.A: "defer"},
):  # fmt: skip
    @on(Go, source=Spot.A, target=Spot.B)
    def go(self, data: Data, command: Go) -> Data:
        return data

    @on(Fin, source=Spot.B, target=Spot.C)
    def fin(self, data: Data, command: Fin) -> Data:
        return data


def test_a_state_that_a_kept_command_leads_on_from_was_entered() -> None:
    moving = Moving(Waiting.program(), [Go(), Fin()])
    at, data, *_ = moving.begin(Data())
    (_, move), *_ = moving.moves(at, data, (1,))
    assert move is not None
    assert moving.places[move[0]].snapshot.active == ("c",)
    assert "b" in moving.entered
