"""An order from its draft to its end: who may do what and when, and why not."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel

from interlock.machines import (
    Check,
    Command,
    Effect,
    Lifecycle,
    Refuse,
    Retry,
    after,
    entering,
    now,
    on,
    step,
)


class Status(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    RETURNED = "returned"


class Item(BaseModel):
    name: str
    price: Decimal


class Order(BaseModel):
    items: tuple[Item, ...] = ()
    paid: Decimal = Decimal(0)
    failures: int = 0
    completed_at: datetime | None = None
    note: str = ""

    @property
    def total(self) -> Decimal:
        return sum((item.price for item in self.items), Decimal(0))


class Add(Command):
    item: Item


class Submit(Command):
    pass


class Pay(Command):
    amount: Decimal


class Complete(Command):
    tracking: str


class Fail(Command):
    reason: str


class TryAgain(Command):
    pass


class Cancel(Command):
    reason: str


class Return(Command):
    reason: str


@step(retry=Retry.standard)
async def pack(items: list[str]) -> None:
    print(f"packing {', '.join(items)}")


@step(retry=Retry.standard)
async def pay_back(amount: Decimal) -> None:
    print(f"paying back {amount}")


def has_items(order: Order, command: Submit) -> Check:
    return bool(order.items) or Refuse("there is nothing in it")


def pays_all(order: Order, command: Pay) -> Check:
    return command.amount == order.total or Refuse(f"{order.total} are to be paid")


def failed_twice_at_most(order: Order, command: TryAgain) -> Check:
    return order.failures < 3 or Refuse("it failed three times")


def within_30_days(order: Order, command: Return) -> Check:
    assert order.completed_at is not None  # it is completed
    age = now() - order.completed_at
    return age <= timedelta(days=30) or Refuse(f"it was completed {age.days} days ago")


class OrderMachine(
    Lifecycle[Status, Order], initial=Status.DRAFT, final={Status.CANCELLED, Status.RETURNED}
):
    @on(Add, source=Status.DRAFT)
    def add(self, order: Order, command: Add) -> Order:
        return order.model_copy(update={"items": (*order.items, command.item)})

    @on(Submit, source=Status.DRAFT, target=Status.PENDING, guard=has_items)
    def submit(self, order: Order, command: Submit) -> Order:
        return order

    @on(Pay, source=Status.PENDING, target=Status.PROCESSING, guard=pays_all)
    def pay(self, order: Order, command: Pay) -> Order:
        return order.model_copy(update={"paid": command.amount})

    @after("48 hours", source=Status.PENDING, target=Status.CANCELLED)
    def expire(self, order: Order) -> Order:
        return order.model_copy(update={"note": "not paid in time"})

    @on(Complete, source=Status.PROCESSING, target=Status.COMPLETED)
    def complete(self, order: Order, command: Complete) -> Order:
        return order.model_copy(update={"completed_at": now(), "note": command.tracking})

    @on(Fail, source=Status.PROCESSING, target=Status.FAILED)
    def fail(self, order: Order, command: Fail) -> Order:
        return order.model_copy(update={"failures": order.failures + 1, "note": command.reason})

    @on(TryAgain, source=Status.FAILED, target=Status.PROCESSING, guard=failed_twice_at_most)
    def try_again(self, order: Order, command: TryAgain) -> Order:
        return order

    @on(Cancel, source={Status.DRAFT, Status.PENDING, Status.FAILED}, target=Status.CANCELLED)
    def cancel(self, order: Order, command: Cancel) -> Order:
        return order.model_copy(update={"note": command.reason})

    @on(Return, source=Status.COMPLETED, target=Status.RETURNED, guard=within_30_days)
    def take_back(self, order: Order, command: Return) -> Order:
        return order.model_copy(update={"note": command.reason})

    @entering(Status.PROCESSING)
    def start_packing(self, order: Order) -> Effect:
        return pack.effect([item.name for item in order.items])

    @entering(Status.CANCELLED, Status.RETURNED)
    def give_back(self, order: Order) -> Effect | None:
        return pay_back.effect(order.paid) if order.paid else None
