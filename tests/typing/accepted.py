"""Never run: user code that both type checkers must accept, with the types they must see."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import assert_type

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.effect import Effect
from interlock.machines.guard import Check, Refuse
from interlock.machines.lifecycle import (
    Lifecycle,
    Region,
    across,
    after,
    always,
    done,
    entering,
    exiting,
    history,
    on,
    taking,
)
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.step import Step, step
from interlock.store.values import Personal, Subject


class Status(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    CLOSED = "closed"


class Order(BaseModel):
    items: list[str] = []
    paid: Decimal = Decimal(0)


class Submit(Command):
    pass


class Pay(Command):
    amount: Decimal


@step
async def reserve(items: list[str], *, hard: bool = False) -> int:
    return len(items) + hard


@step(timeout="3 seconds")
def mail(text: str) -> None:
    del text


def has_items(order: Order, command: Submit) -> bool:
    return bool(order.items)


def positive(order: Order, command: Pay) -> Check:
    return command.amount > 0 or Refuse("nothing paid")


def whatever(order: BaseModel, command: Command) -> bool:
    return True


class OrderLifecycle(Lifecycle[Status, Order], initial=Status.DRAFT, final={Status.CLOSED}):
    @on(Submit, source=Status.DRAFT, target=Status.PENDING, guard=has_items)
    def submit(self, order: Order, command: Submit) -> Order:
        return order

    @on(Pay, source={Status.DRAFT, Status.PENDING}, target=Status.CLOSED, guard=positive)
    def pay(self, order: Order, command: Pay) -> Order:
        return order.model_copy(update={"paid": order.paid + command.amount})

    @on(Pay, source=(Status.DRAFT, Status.PENDING), guard=(positive, whatever))
    def pay_some(self, order: Order, command: Pay) -> Order:
        return order

    @on(Submit, source=Status.PENDING, guard=whatever)
    def again(self, order: Order, command: Command) -> Order:
        return order

    @on(Submit, source=Status.PENDING)
    def ignore(self, order: Order, command: Submit) -> Order:
        return order

    @after("48 hours", source=Status.PENDING, target=Status.CLOSED)
    def expire(self, order: Order) -> Order:
        return order

    @entering(Status.PENDING)
    def book(self, order: Order) -> Effect:
        return reserve.effect(order.items, hard=True)

    @entering(Status.CLOSED, Status.PENDING)
    def tell(self, order: Order) -> list[Effect]:
        return [mail.effect("closed")] if order.items else []

    @entering(Status.CLOSED)
    def perhaps(self, order: Order) -> Effect | None:
        return mail.effect(text="closed") if order.items else None


class Packing(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Paying(StrEnum):
    DUE = "due"
    PAID = "paid"


def is_paid(order: Order) -> bool:
    return order.paid > 0


def whatever_data(order: BaseModel) -> Check:
    return Refuse("no") if order == Order() else True


class Nested(
    Lifecycle[Status, Order],
    initial=Status.DRAFT,
    final={Status.CLOSED},
    unhandled={Status.DRAFT: "defer"},
):
    @on(Submit, source=Status.DRAFT, target=history(Status.PENDING, deep=True))
    def submit(self, order: Order, command: Submit) -> Order:
        return order

    @on(Pay, source=Status.DRAFT, target=across(Packing.CLOSED, Paying.PAID), guard=positive)
    def pay(self, order: Order, command: Pay) -> Order:
        return order

    @done(source=Status.PENDING, target=Status.CLOSED)
    def end(self, order: Order) -> Order:
        return order

    @always(source={Status.DRAFT}, target=Status.CLOSED, guard=(is_paid, whatever_data))
    def close(self, order: Order) -> Order:
        return order

    @taking(submit, pay)  # the data of both; the command that fits both
    def tell(self, order: Order, command: Command) -> Effect:
        return mail.effect("submitted")

    @taking(end, close)
    def ended(self, order: Order) -> Effect:
        return mail.effect("ended")

    @exiting(Status.DRAFT)
    def left(self, order: Order) -> list[Effect]:
        return []

    class Pack(
        Region[Packing, Order], of=Status.PENDING, initial=Packing.OPEN, final={Packing.CLOSED}
    ):
        @on(Submit, source=Packing.OPEN, target=Packing.CLOSED, guard=has_items)
        def pack(self, order: Order, command: Submit) -> Order:
            return order

        @always(source=Packing.OPEN, target=across(Status.CLOSED), guard=is_paid)
        def leave(self, order: Order) -> Order:
            return order

    class Settle(
        Region[Paying, Order],
        of=Status.PENDING,
        initial=Paying.DUE,
        name="paying",
        unhandled="ignore",
    ):
        @after("2 days", source=Paying.DUE, target=across(Status.CLOSED))
        def expire(self, order: Order) -> Order:
            return order


assert_type(Nested.Pack().pack(Order(), Submit()), Order)
assert_type(Nested().end(Order()), Order)
assert_type(Nested.id_of(Paying.PAID), str)
lifecycle = OrderLifecycle()
assert_type(lifecycle.pay(Order(), Pay(amount=Decimal(1))), Order)
assert_type(lifecycle.submit(Order(), Submit()), Order)
assert_type(lifecycle.expire(Order()), Order)
assert_type(lifecycle.book(Order()), Effect)
assert_type(OrderLifecycle.program(), LifecycleProgram)
plain: Step[[str], None] = mail


class Customer(BaseModel):
    id: Subject
    name: Personal[str]
    born: Personal[int] | None = None


customer = Customer(id="c-1", name=Personal("Ann"))
assert_type(customer.id, str)
assert_type(customer.name, Personal[str])
assert_type(customer.name.reveal(), str)
assert_type(customer.name.map(len), Personal[int])
assert_type(customer.name == Personal("Ann"), bool)
assert_type(f"{customer.name}", str)
