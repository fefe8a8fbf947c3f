"""A sound order lifecycle with its invariants, and twenty ways to get it wrong."""

from __future__ import annotations

import itertools
import random
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field

from interlock.machines import Command, Lifecycle, Refuse, after, entering, on, step
from interlock.machines.guard import Check
from interlock.machines.proof import invariant
from interlock.machines.step import Effect


class Status(StrEnum):
    CART = "cart"
    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    DONE = "done"
    CANCELLED = "cancelled"


class Line(BaseModel):
    sku: str
    price: int
    count: int


class Order(BaseModel):
    lines: list[Line] = []
    total: int = 0
    paid: int = 0
    refunded: int = 0
    reserved: int = 0
    tracking: str = ""
    note: Any = ""


class Add(Command):
    sku: Annotated[str, Field(min_length=1, max_length=3)]
    price: Annotated[int, Field(ge=1, le=1000)]
    count: Annotated[int, Field(ge=1, le=5)]


class Drop(Command):
    tags: list[str] = Field(default_factory=list)


class Place(Command):
    pass


class Pay(Command):
    amount: Annotated[int, Field(ge=1)]


class Ship(Command):
    tracking: Annotated[str, Field(min_length=1)]


class Refund(Command):
    amount: Annotated[int, Field(ge=1)]


class Cancel(Command):
    pass


@step
async def mail(text: str) -> None:
    raise NotImplementedError


MOST = 2
"""Lines of an order."""


def order_lifecycle(bug: int) -> type[Lifecycle[Status, Order]]:  # noqa: C901  its bugs
    """The lifecycle with a bug, from 1 to 20; with 0 it is sound."""
    counter = itertools.count()

    def has_room(order: Order, command: Add) -> Check:
        return bug == 1 or len(order.lines) < MOST or Refuse("enough")

    def has_lines(order: Order, command: Command) -> Check:
        return bug == 2 or bool(order.lines)

    def is_exact(order: Order, command: Pay) -> Check:
        if bug == 3:
            return command.amount >= order.total
        if bug == 4:
            return command.amount <= order.total
        return command.amount == order.total or Refuse("not what it costs")

    def is_left(order: Order, command: Refund) -> Check:
        if bug == 5:
            return command.amount <= order.paid
        return order.refunded + command.amount <= order.paid or Refuse("that is too much")

    class Orders(
        Lifecycle[Status, Order],
        initial=Status.CART,
        final={Status.DONE, Status.CANCELLED},
        name="seeded-order",
    ):
        @on(Add, source=Status.CART, guard=has_room)
        def add(self, order: Order, command: Add) -> Order:
            line = Line(sku=command.sku, price=command.price, count=command.count)
            cost = command.price if bug == 6 else command.price * command.count
            if bug == 7:
                order.lines.append(line)
                return order.model_copy(update={"total": order.total + cost})
            lines = [*order.lines, line]
            return order.model_copy(update={"lines": lines, "total": order.total + cost})

        @on(Drop, source=Status.CART, guard=has_lines)
        def drop(self, order: Order, command: Drop) -> Order:
            last = order.lines[-1]
            if bug == 8:
                command.tags.append("dropped")
            total = order.total if bug == 9 else order.total - last.price * last.count
            if bug == 10:
                total = order.total * (len(order.lines) - 1) // len(order.lines[:-1])
            return order.model_copy(update={"lines": order.lines[:-1], "total": total})

        @on(Place, source=Status.CART, target=Status.PLACED, guard=has_lines)
        def place(self, order: Order, command: Place) -> Order:
            note: Any = ""
            if bug == 11:
                note = next(counter)
            if bug == 12:
                note = random.random()
            if bug == 13:
                note = datetime.now().isoformat()  # noqa: DTZ005  that is the bug
            if bug == 14:
                note = object()
            reserved = sum(line.count for line in order.lines)
            return order.model_copy(update={"reserved": reserved, "note": note})

        @on(Pay, source=Status.PLACED, target=Status.PAID, guard=is_exact)
        def pay(self, order: Order, command: Pay) -> Order:
            return order.model_copy(update={"paid": command.amount})

        @after("3 days", source=Status.PLACED, target=Status.CANCELLED)
        def expire(self, order: Order) -> Order:
            return order if bug == 15 else order.model_copy(update={"reserved": 0})

        @on(Ship, source={Status.PAID, Status.PLACED} if bug == 16 else Status.PAID,
            target=Status.SHIPPED)  # fmt: skip
        def ship(self, order: Order, command: Ship) -> Order:
            tracking = "" if bug == 17 else command.tracking
            return order.model_copy(update={"reserved": 0, "tracking": tracking})

        @on(Refund, source=Status.SHIPPED, guard=is_left)
        def refund(self, order: Order, command: Refund) -> Order:
            return order.model_copy(update={"refunded": order.refunded + command.amount})

        @after("30 days", source=Status.SHIPPED, target=Status.DONE)
        def close(self, order: Order) -> Order:
            if bug == 18:
                share = order.paid // (order.paid - order.refunded)
                return order.model_copy(update={"note": share})
            return order

        @on(Cancel, source={Status.CART, Status.PLACED, Status.PAID}, target=Status.CANCELLED)
        def cancel(self, order: Order, command: Cancel) -> Order:
            refunded = order.refunded if bug == 19 else order.paid
            reserved = order.reserved if bug == 20 else 0
            return order.model_copy(update={"refunded": refunded, "reserved": reserved})

        @entering(Status.CANCELLED, Status.SHIPPED)
        def tell(self, order: Order) -> Effect:
            return mail.effect(f"{order.total}")

        @invariant
        def the_total_is_that_of_the_lines(self, order: Order) -> bool:
            return order.total == sum(line.price * line.count for line in order.lines)

        @invariant
        def lines_are_few(self, order: Order) -> bool:
            return len(order.lines) <= MOST

        @invariant(Status.PLACED, Status.PAID, Status.SHIPPED, Status.DONE)
        def nothing_empty_is_placed(self, order: Order) -> bool:
            return bool(order.lines)

        @invariant(Status.PAID, Status.SHIPPED, Status.DONE)
        def it_is_paid_exactly(self, order: Order) -> bool:
            return order.paid == order.total

        @invariant
        def no_more_is_refunded_than_was_paid(self, order: Order) -> bool:
            return order.refunded <= order.paid

        @invariant(Status.CANCELLED)
        def who_cancels_gets_the_money_back(self, order: Order) -> bool:
            return order.refunded == order.paid

        @invariant(Status.CART, Status.SHIPPED, Status.DONE, Status.CANCELLED)
        def nothing_stays_reserved(self, order: Order) -> bool:
            return order.reserved == 0

        @invariant(Status.SHIPPED, Status.DONE)
        def what_is_shipped_can_be_found(self, order: Order) -> bool:
            return bool(order.tracking)

    return Orders


BUGS = range(1, 21)
