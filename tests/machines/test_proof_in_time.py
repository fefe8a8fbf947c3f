"""No counter-example is one that the lengths of timers do not allow, and none is lost for that."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from interlock.machines import Command, Lifecycle, Refuse, Region, after, on
from interlock.machines.proof import Here, Result, Together, invariant, prove, prove_together
from interlock.machines.proof.in_time import in_time
from interlock.machines.proof.result import Event
from interlock.testing import Scenario
from machines.test_proof_timers import Back, Delays, Go, happens, hours, timed


class Trip(StrEnum):
    ON = "on"
    OVER = "over"


class Room(StrEnum):
    HELD = "held"
    GONE = "gone"


class Money(StrEnum):
    OPEN = "open"
    TAKEN = "taken"


class Booked(BaseModel):
    released: bool = False
    paid_late: bool = False


class Extend(Command):
    pass


def trip(room: str, money: str, *, extends: bool = False) -> type[Lifecycle[Any, Any]]:
    """A room that is held for a time, beside money that is taken after another."""

    class Booking(Lifecycle[Trip, Booked], initial=Trip.ON, final={Trip.OVER}, name="in-time"):
        class Rooms(Region[Room, Booked], of=Trip.ON, initial=Room.HELD):
            @after(room, source=Room.HELD, target=Room.GONE)
            def release(self, data: Booked) -> Booked:
                return data.model_copy(update={"released": True})

            if extends:

                @on(Extend, source=Room.HELD, target=Room.HELD)
                def extend(self, data: Booked, command: Extend) -> Booked:
                    return data

        class Payment(Region[Money, Booked], of=Trip.ON, initial=Money.OPEN):
            @after(money, source=Money.OPEN, target=Money.TAKEN)
            def take(self, data: Booked) -> Booked:
                return data.model_copy(update={"paid_late": data.released})

        @invariant
        def what_is_paid_is_held(self, data: Booked) -> bool | Refuse:
            return not data.paid_late or Refuse("the room is gone")

    return Booking


def about(results: list[Result], name: str) -> Result:
    return next(one for one in results if name in one.about or name in one.property)


def test_timers_beside_each_other_refute_nothing_in_another_order() -> None:
    result = about(prove(trip("3 days", "1 day")), "what_is_paid")
    assert result.verdict == "bounded"
    assert result.bound == "only where timers fire in an order that their lengths do not allow"
    assert result.trace is None


def test_an_order_that_their_lengths_allow_refutes() -> None:
    result = about(prove(trip("1 day", "3 days")), "what_is_paid")
    assert result.verdict == "refuted"
    assert result.trace is not None
    assert [event.edge.rpartition(".")[2] for event in result.trace.events] == ["release", "take"]


def test_what_begins_anew_may_come_later() -> None:
    kind = trip("1 day", "2 days", extends=True)
    assert about(prove(kind), "what_is_paid").verdict == "refuted"
    still = trip("3 days", "2 days", extends=True)
    assert about(prove(still), "what_is_paid").verdict == "bounded"


def test_what_can_be_come_to_is_not_proved_by_an_order_that_cannot_be() -> None:
    (one,) = [r for r in prove(trip("3 days", "1 day")) if r.code == "ILK174"]
    assert one.verdict == "bounded"
    assert "several states" in one.bound


def test_a_loop_is_not_gone_round_longer_than_a_timer_around_it_lets() -> None:
    class Looping(Lifecycle[Trip, Booked], initial=Trip.ON, final={Trip.OVER}, name="loop-in-time"):
        class Rooms(Region[Room, Booked], of=Trip.ON, initial=Room.HELD):
            @after("2 days", source=Room.HELD, target=Room.GONE)
            def release(self, data: Booked) -> Booked:
                return data.model_copy(update={"paid_late": data.released, "released": True})

            @after("2 days", source=Room.GONE, target=Room.HELD)
            def hold(self, data: Booked) -> Booked:
                return data

        @after("3 days", source=Trip.ON, target=Trip.OVER)
        def end(self, data: Booked) -> Booked:
            return data

        @invariant
        def what_is_paid_is_held(self, data: Booked) -> bool:
            return not data.paid_late

    assert about(prove(Looping), "what_is_paid").verdict == "bounded"


@pytest.mark.parametrize(("first", "second", "verdict"), [(1, 3, "bounded"), (3, 1, "refuted")])
def test_members_of_a_system_share_their_time(first: int, second: int, verdict: str) -> None:
    class One(Lifecycle[Money, Booked], initial=Money.OPEN, final={Money.TAKEN}, name="in-time-1"):
        @after(f"{first} days", source=Money.OPEN, target=Money.TAKEN)
        def take(self, data: Booked) -> Booked:
            return data

    class Other(Lifecycle[Room, Booked], initial=Room.HELD, final={Room.GONE}, name="in-time-2"):
        @after(f"{second} days", source=Room.HELD, target=Room.GONE)
        def release(self, data: Booked) -> Booked:
            return data

    class Both(Together, money=One, room=Other):
        @invariant
        def taken_first(self, money: Here[Booked], room: Here[Booked]) -> bool:
            return not room.is_in(Room.GONE) or money.is_in(Money.TAKEN)

    assert about(prove_together(Both), "taken_first").verdict == verdict


@given(delays=st.tuples(hours, hours, hours, hours, hours), into=st.booleans(), events=happens)
def test_whatever_was_lived_through_is_in_time(
    delays: Delays, into: bool, events: list[int | Command]
) -> None:
    kind = timed(delays, into)
    edges = {edge.id: edge for edge in kind.program().machine.edges}
    scenario, lived = Scenario(kind), list[Event]()
    for event in events:
        if isinstance(event, Command):
            scenario.when(event)
            lived.append(Event(type(event).__name__, event, "", ""))
            continue
        for _ in range(event):
            scenario.passes("1 hour")
            fired = [one for one in scenario.taken if edges[one].event.startswith("after ")]
            lived += [Event(edges[one].event, None, one, "") for one in fired]
    assert in_time({"": kind.program()}, {"": kind.program().data_type()}, lived)


def test_a_timer_that_is_passed_by_is_not_in_time() -> None:
    program = timed((6, 1, 1, 3, 1), into=False).program()
    edges = {edge.id.rpartition(".")[2]: edge for edge in program.machine.edges}

    def told(*names: str) -> bool:
        given = [Event(edges[name].event, None, edges[name].id, "") for name in names]
        return in_time({"": program}, {"": program.data_type()}, given)

    assert told("x_to_y", "y_to_x", "x_to_y")
    assert told("x_to_y", "y_to_x", "x_to_y", "p_to_q")
    assert not told("p_to_q")
    assert not told("x_to_y", "p_to_q")
    assert not told("x_to_y", "y_to_x", "x_to_y", "y_to_x", "p_to_q")
    assert {Go, Back} <= {*program.commands.values()}
