"""Comparing two definitions: where a run of the one may go on under the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec
from pydantic import BaseModel

from interlock.machines import (
    Command,
    Lifecycle,
    Region,
    Workflow,
    approval,
    on,
    parallel,
    step,
    wait_for,
)
from interlock.machines.compare import GoesOn, NeedsMapping, TypeChanged, judge, unsafe_states
from interlock.machines.held import Done, Held
from interlock.machines.ir import Machine


@dataclass
class Order:
    id: str
    total: int = 0


@dataclass
class Line:
    sku: str


@dataclass
class Basket:
    lines: list[Line] = field(default_factory=list[Line])


async def basket_of(basket: Basket) -> Basket:
    await mail("x")
    return basket


class Paid(Command):
    amount: int


class Sent(Command):
    pass


@step
async def charge(order: Order) -> int:
    return order.total


@step
async def ship(order: Order, express: bool = False) -> str:
    return order.id


@step
async def mail(text: str) -> None: ...


async def first(order: Order) -> str:
    paid = await charge(order)
    for item in range(paid):
        await mail(str(item))
    await approval("boss")
    both = await parallel(charge(order), mail("x"))
    await wait_for(Paid)
    return await ship(order) + str(both)


async def with_more_in_between(order: Order) -> str:
    paid = await charge(order)
    await mail.named("thanks")("thank you")
    for item in range(paid):
        await mail(str(item))
    if order.total > 7:
        await approval("boss")
    both = await parallel(charge(order), mail("x"))
    await wait_for(Paid)
    parcel = await ship(order)
    return parcel + str(both)


async def other_names(order: Order) -> str:
    money = await charge(order)
    for thing in range(money):
        await mail(str(thing))
    await approval("chief")
    both = await parallel(charge(order), mail("y"))
    await wait_for(Sent)
    return await ship(order) + str(both)


async def needs_more(order: Order) -> str:
    paid = await charge(order)
    for item in range(paid):
        await mail(str(item))
    await approval("boss")
    both = await parallel(charge(order), mail("x"))
    await wait_for(Paid)
    return await ship(order) + str(both) + str(paid)


def machine(function: Any) -> Machine:
    return Workflow(function, "first").machine


def test_a_definition_goes_on_under_itself() -> None:
    assert unsafe_states(machine(first), machine(first)) == {}


def test_what_comes_later_may_change() -> None:
    assert unsafe_states(machine(first), machine(with_more_in_between)) == {}


def test_states_that_are_gone_or_wait_for_something_else_are_named() -> None:
    unsafe = unsafe_states(machine(first), machine(other_names))
    assert set(unsafe) == {"mail", "approval:boss", "parallel:charge+mail", "wait:Paid"}
    assert all(isinstance(verdict, NeedsMapping) for verdict in unsafe.values())
    assert unsafe["mail"].reasons == (
        "in 'mail', the new code is in the middle of a statement there, and the old code was not",
    )
    assert "no state 'approval:boss'" in unsafe["approval:boss"].reasons[0]
    assert "written differently" in unsafe["parallel:charge+mail"].reasons[0]


def test_a_mapping_answers_for_its_states() -> None:
    states = {"approval:boss": "approval:chief", "wait:Paid": "wait:Sent"}
    unsafe = unsafe_states(machine(first), machine(other_names), states)
    assert set(unsafe) == {"mail", "parallel:charge+mail", "wait:Paid"}
    assert "waited for Paid, and waits for Sent" in unsafe["wait:Paid"].reasons[0]


def test_a_variable_that_was_not_kept_is_missing() -> None:
    unsafe = unsafe_states(machine(first), machine(needs_more))
    every = {"mail", "approval:boss", "parallel:charge+mail", "wait:Paid", "ship"}
    assert set(unsafe) == every
    assert unsafe["wait:Paid"].reasons == (
        "in 'wait:Paid', the new code reads 'paid', which the old code did not keep there",
    )


def test_a_state_that_is_mapped_to_another_kind_is_refused() -> None:
    unsafe = unsafe_states(machine(first), machine(other_names), {"wait:Paid": "approval:chief"})
    assert unsafe["wait:Paid"].reasons == ("'approval:chief' was a wait, and is a approval",)


def test_what_is_done_has_to_have_its_undo() -> None:
    @step(name="charge", compensate=mail)
    async def undone(order: Order) -> int:
        return order.total

    async def with_undo(order: Order) -> None:
        await undone(order)

    async def without(order: Order) -> None:
        await charge(order)

    done = Held(undo=(Done("charge", "charge", "charge"),))
    old, new = machine(with_undo), machine(without)
    assert judge(old, old, done) == GoesOn()
    assert judge(old, new, done).reasons == ("charge is done, and has no undo any more",)


def test_an_input_that_no_longer_fits_is_named() -> None:
    @step(name="charge")
    async def wants_more(order: Order, currency: str) -> int:
        return order.total

    async def edited(order: Order) -> None:
        await wants_more(order, "EUR")

    async def before(order: Order) -> None:
        await charge(order)

    (verdict,) = unsafe_states(machine(before), machine(edited)).values()
    assert isinstance(verdict, TypeChanged)
    assert verdict.variables == ("input of charge",)
    assert unsafe_states(machine(edited), machine(edited)) == {}


def test_a_class_of_a_variable_with_other_fields_is_named() -> None:
    before = machine(basket_of)
    assert before.values == {"Basket": "lines: list[Line] =", "Line": "sku: str"}
    after = msgspec.structs.replace(before, values={**before.values, "Line": "sku: str, n: int"})
    (verdict,) = unsafe_states(before, after).values()
    assert isinstance(verdict, TypeChanged)
    assert verdict.variables == ("basket",)
    assert verdict.reasons == ("in 'mail', basket is Basket, and Line has other fields",)


def test_an_edited_class_of_values_is_another_definition() -> None:
    before = machine(basket_of)
    kept, Line.__annotations__["sku"] = Line.__annotations__["sku"], int
    try:
        assert machine(basket_of).hash != before.hash
    finally:
        Line.__annotations__["sku"] = kept
    assert machine(basket_of).hash == before.hash


class Status(StrEnum):
    OPEN = "open"
    SENT = "sent"
    GONE = "gone"


class Facts(BaseModel):
    total: int = 0


class Before(Lifecycle[Status, Facts], initial=Status.OPEN, final={Status.GONE}, name="order"):
    @on(Sent, source=Status.OPEN, target=Status.SENT)
    def send(self, facts: Facts, command: Sent) -> Facts:
        return facts

    @on(Paid, source=Status.SENT, target=Status.GONE)
    def pay(self, facts: Facts, command: Paid) -> Facts:
        return facts


class Inner(StrEnum):
    PACKED = "packed"
    MOVING = "moving"


class Fewer(StrEnum):
    OPEN = "open"
    GONE = "gone"


class Nested(Lifecycle[Status, Facts], initial=Status.OPEN, final={Status.GONE}, name="order"):
    @on(Sent, source=Status.OPEN, target=Status.SENT)
    def send(self, facts: Facts, command: Sent) -> Facts:
        return facts

    @on(Paid, source=Status.SENT, target=Status.GONE)
    def pay(self, facts: Facts, command: Paid) -> Facts:
        return facts

    class Parcel(Region[Inner, Facts], of=Status.SENT, initial=Inner.PACKED):
        @on(Sent, source=Inner.PACKED, target=Inner.MOVING)
        def go(self, facts: Facts, command: Sent) -> Facts:
            return facts


class Shorter(Lifecycle[Fewer, Facts], initial=Fewer.OPEN, final={Fewer.GONE}, name="order"):
    @on(Paid, source=Fewer.OPEN, target=Fewer.GONE)
    def pay(self, facts: Facts, command: Paid) -> Facts:
        return facts


def graph(lifecycle: type[Lifecycle[Any, Any]]) -> Machine:
    return lifecycle.program().machine


def test_a_lifecycle_goes_on_where_its_states_are_still_possible() -> None:
    assert unsafe_states(graph(Nested), graph(Nested)) == {}
    assert set(unsafe_states(graph(Before), graph(Shorter))) == {"sent"}
    assert unsafe_states(graph(Before), graph(Shorter), {"sent": "open"}) == {}
    unsafe = unsafe_states(graph(Before), graph(Nested))
    assert unsafe["sent"].reasons == (
        "'sent' was a plain state, and is a state with others inside",
    )
    back = unsafe_states(graph(Nested), graph(Before))
    assert set(back) == {"sent/packed", "sent/moving"}


def test_a_command_that_is_kept_for_later_has_to_be_accepted() -> None:
    held = Held(active=(("open", "open"),), deferred=("Sent",))
    assert judge(graph(Before), graph(Before), held) == GoesOn()
    assert judge(graph(Before), graph(Shorter), held).reasons == (
        "Sent is kept for later, and is not accepted",
    )
