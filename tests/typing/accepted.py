"""Never run: user code that both type checkers must accept, with the types they must see."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import assert_type

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.effect import Effect
from interlock.machines.guard import Check, Refuse
from interlock.machines.lifecycle import Lifecycle, after, entering, on
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.step import Step, step


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


lifecycle = OrderLifecycle()
assert_type(lifecycle.pay(Order(), Pay(amount=Decimal(1))), Order)
assert_type(lifecycle.submit(Order(), Submit()), Order)
assert_type(lifecycle.expire(Order()), Order)
assert_type(lifecycle.book(Order()), Effect)
assert_type(OrderLifecycle.program(), LifecycleProgram)
plain: Step[[str], None] = mail
