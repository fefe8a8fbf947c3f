"""Laws of timers in proofs: whatever time brings is a place that was looked at."""

from __future__ import annotations

import types
from enum import StrEnum
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from interlock.machines import Command, Lifecycle, Region, across, after, on
from interlock.machines.check import problems
from interlock.machines.proof import explore, prove
from interlock.testing import Scenario


class Outer(StrEnum):
    A = "a"
    B = "b"
    END = "end"


class Inner(StrEnum):
    X = "x"
    Y = "y"


class Beside(StrEnum):
    P = "p"
    Q = "q"


class Count(BaseModel):
    n: int = 0


class Go(Command):
    pass


class Back(Command):
    pass


Delays = tuple[int, int, int, int, int]


def same(self: Any, count: Count, *command: Any) -> Count:
    return Count(n=(count.n + 1) % 3)


def named(name: str) -> Any:
    def moves(self: Any, count: Count) -> Count:
        return Count(n=(count.n + 1) % 3)

    moves.__name__ = name
    return moves


def commanded(name: str) -> Any:
    def moves(self: Any, count: Count, command: Command) -> Count:
        return count

    moves.__name__ = name
    return moves


def timed(delays: Delays, into: bool) -> type[Lifecycle[Any, Any]]:
    """Two regions with timers of their own, in a state with one that leaves it or leads inside."""
    a, x, y, p, q = (f"{delay} hours" for delay in delays)
    loose: Any = after

    def inner(namespace: dict[str, Any]) -> None:
        namespace["x_to_y"] = loose(x, source=Inner.X, target=Inner.Y)(named("x_to_y"))
        namespace["y_to_x"] = loose(y, source=Inner.Y, target=Inner.X)(named("y_to_x"))
        namespace["go"] = on(Go, source=Inner.X, target=Inner.Y)(commanded("go"))

    def beside(namespace: dict[str, Any]) -> None:
        namespace["p_to_q"] = loose(p, source=Beside.P, target=Beside.Q)(named("p_to_q"))
        namespace["q_out"] = loose(q, source=Beside.Q, target=across(Outer.B))(named("q_out"))

    def body(namespace: dict[str, Any]) -> None:
        target: Any = across(Inner.Y) if into else Outer.END
        namespace["a_out"] = loose(a, source=Outer.A, target=target)(named("a_out"))
        namespace["a_late"] = loose("9 hours", source=Outer.A, target=Outer.B)(named("a_late"))
        namespace["back"] = on(Back, source=Outer.B, target=Outer.A)(commanded("back"))
        namespace["end"] = loose("3 hours", source=Outer.B, target=Outer.END)(named("end"))
        regions: list[tuple[str, Any, StrEnum, Any]] = [
            ("One", Region[Inner, Count], Inner.X, inner),
            ("Two", Region[Beside, Count], Beside.P, beside),
        ]
        for name, base, first, fills in regions:
            head = {"of": Outer.A, "initial": first}

            def filled(space: dict[str, Any], name: str = name, fills: Any = fills) -> None:
                fills(space)
                space.update(__module__=__name__, __qualname__=f"timed.<locals>.Timed.{name}")

            namespace[name] = types.new_class(name, (base,), head, filled)
        namespace.update(__module__=__name__, __qualname__="timed.<locals>.Timed")

    head = {"initial": Outer.A, "final": {Outer.END}}
    made: type[Lifecycle[Any, Any]] = types.new_class(
        "Timed", (Lifecycle[Outer, Count],), head, body
    )
    return made


hours = st.integers(1, 6)
happens = st.lists(st.one_of(hours, st.sampled_from([Go(), Back()])), max_size=12)


@given(delays=st.tuples(hours, hours, hours, hours, hours), into=st.booleans(), events=happens)
def test_what_time_brings_is_a_place_that_was_looked_at(
    delays: Delays, into: bool, events: list[int | Command]
) -> None:
    kind = timed(delays, into)
    found = explore(kind)
    places = {(p.snapshot.active, p.data.n) for p in found.places}
    never = {
        p.message.split("'")[1] for p in problems(kind.program().machine) if p.code == "ILK085"
    }
    scenario = Scenario(kind)
    for event in events:
        if scenario.over:
            break
        hours = event if isinstance(event, int) else 0
        for _ in range(hours):  # one after another, so that none is passed by unseen
            scenario.passes("1 hour")
            assert (scenario.configuration, scenario.data.n) in places
            assert set(scenario.taken) <= found.taken
            taken = [e for e in kind.program().machine.edges if e.id in scenario.taken]
            assert not {e.event for e in taken if e.source == Outer.A} & never
        if not hours and isinstance(event, Command):
            scenario.when(event)
            assert (scenario.configuration, scenario.data.n) in places


def test_a_timer_inside_of_a_shorter_one_never_fires() -> None:
    kind = timed((2, 3, 1, 1, 1), into=False)
    late = {r.about for r in prove(kind) if r.code == "ILK174" and r.verdict == "refuted"}
    assert late == {"a.a_late", "a/one/x.x_to_y"}
    told = [p for p in problems(kind.program().machine) if p.code == "ILK085"]
    assert {(p.state, p.severity) for p in told} == {("a", "warning"), ("a/one/x", "warning")}


def test_a_timer_that_leads_inside_lets_longer_ones_come() -> None:
    kind = timed((2, 3, 1, 6, 6), into=True)
    assert "a.a_late" in explore(kind).taken
    assert not [p for p in problems(kind.program().machine) if p.code == "ILK085"]
