"""A small order lifecycle that the tests share."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.effect import Effect
from interlock.machines.guard import Check, Refuse
from interlock.machines.lifecycle import Lifecycle, after, entering, on
from interlock.machines.step import step


class Status(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class OrderData(BaseModel):
    items: list[str] = []
    total: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    note: str = ""


class Add(Command):
    item: str


class Submit(Command):
    pass


class Pay(Command):
    amount: Decimal


class Ship(Command):
    tracking: str


class Return(Command):
    reason: str


class Cancel(Command):
    pass


@step
async def reserve_stock(items: list[str]) -> str:
    return f"reserved {len(items)}"


@step
async def mail(text: str) -> None:
    del text


def has_items(order: OrderData, command: Command) -> Check:
    return bool(order.items)


def pays_all(order: OrderData, command: Pay) -> Check:
    return order.paid + command.amount >= order.total or Refuse("underpaid")


def is_positive(order: OrderData, command: Pay) -> Check:
    return command.amount > 0 or Refuse("an amount must be positive")


class OrderLifecycle(
    Lifecycle[Status, OrderData],
    initial=Status.DRAFT,
    final={Status.RETURNED, Status.CANCELLED},
):
    @on(Add, source=Status.DRAFT)
    def add(self, order: OrderData, command: Add) -> OrderData:
        return order.model_copy(update={"items": [*order.items, command.item]})

    @on(Submit, source=Status.DRAFT, target=Status.PENDING, guard=has_items)
    def submit(self, order: OrderData, command: Submit) -> OrderData:
        return order

    @on(Pay, source=Status.PENDING, target=Status.PROCESSING, guard=(is_positive, pays_all))
    def pay(self, order: OrderData, command: Pay) -> OrderData:
        return order.model_copy(update={"paid": order.paid + command.amount})

    @on(Pay, source=Status.PENDING, guard=is_positive)
    def pay_part(self, order: OrderData, command: Pay) -> OrderData:
        return order.model_copy(update={"paid": order.paid + command.amount})

    @after("48 hours", source=Status.PENDING, target=Status.CANCELLED)
    def expire(self, order: OrderData) -> OrderData:
        return order.model_copy(update={"note": "expired"})

    @entering(Status.PROCESSING)
    def reserve(self, order: OrderData) -> Effect:
        return reserve_stock.effect(order.items)

    @entering(Status.PROCESSING, Status.CANCELLED)
    def tell(self, order: OrderData) -> list[Effect]:
        return [mail.effect("news"), mail.effect(text="more")]

    @on(Ship, source=Status.PROCESSING, target=Status.COMPLETED)
    def ship(self, order: OrderData, command: Ship) -> OrderData:
        return order.model_copy(update={"note": command.tracking})

    @on(Return, source=Status.COMPLETED, target=Status.RETURNED)
    def take_back(self, order: OrderData, command: Return) -> OrderData:
        return order

    @on(Cancel, source={Status.PENDING, Status.DRAFT}, target=Status.CANCELLED)
    def cancel(self, order: OrderData, command: Cancel) -> OrderData:
        return order

    @on(Cancel, source=Status.PROCESSING, target=Status.PROCESSING)
    def reconsider(self, order: OrderData, command: Cancel) -> OrderData:
        return order
