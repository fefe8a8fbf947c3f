"""Lifecycles that wait in every way that the tests of this folder know."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel

from interlock.machines import (
    Command,
    Effect,
    Lifecycle,
    Refuse,
    Retry,
    after,
    always,
    entering,
    on,
    step,
)
from why.flows import service


class Stage(StrEnum):
    CART = "cart"
    PAID = "paid"
    SENT = "sent"
    LOST = "lost"
    DONE = "done"


class Order(BaseModel):
    total: int
    stock: int = 0
    note: str = ""


class Pay(Command):
    amount: int


class Send(Command):
    """Off it goes."""


class Lose(Command):
    """It is gone."""


class Thank(Command):
    """Too early, mostly."""


def enough(order: Order, command: Pay) -> bool | Refuse:
    return command.amount >= order.total or Refuse(f"{order.total} is to be paid")


def in_stock(order: Order, command: Send) -> bool | Refuse:
    return order.stock > 0 or Refuse("nothing is left")


class Ordering(
    Lifecycle[Stage, Order], initial=Stage.CART, final={Stage.DONE}, name="why-ordering"
):
    @on(Pay, source=Stage.CART, target=Stage.PAID, guard=enough)
    def pay(self, order: Order, command: Pay) -> Order:
        return order

    @on(Send, source=Stage.PAID, target=Stage.SENT, guard=in_stock)
    def send(self, order: Order, command: Send) -> Order:
        return order

    @after("30 days", source=Stage.SENT, target=Stage.DONE)
    def close(self, order: Order) -> Order:
        return order

    @on(Lose, source=Stage.CART, target=Stage.LOST)
    def lose(self, order: Order, command: Lose) -> Order:
        return order


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    OFF = "off"


class Keeping(
    Lifecycle[Light, Order],
    initial=Light.RED,
    final={Light.OFF},
    name="why-keeping",
    unhandled="defer",
):
    @on(Pay, source=Light.RED, target=Light.GREEN)
    def pay(self, order: Order, command: Pay) -> Order:
        return order

    @on(Lose, source=Light.GREEN, target=Light.OFF)
    def end(self, order: Order, command: Lose) -> Order:
        return order

    @on(Thank, source=Light.GREEN, target=Light.RED)
    def thank(self, order: Order, command: Thank) -> Order:
        return order


@step(retry=Retry(attempts=3, initial="1 hour", maximum="1 hour", jitter=0))
async def mail(text: str) -> str:
    return await service("mail")


class Mailing(Lifecycle[Light, Order], initial=Light.RED, final={Light.OFF}, name="why-mailing"):
    @entering(Light.RED)
    def tell(self, order: Order) -> Effect:
        return mail.effect(order.note)

    @on(Lose, source=Light.RED, target=Light.OFF)
    def end(self, order: Order, command: Lose) -> Order:
        return order


def ready(order: Order) -> bool | Refuse:
    return order.stock > 0 or Refuse("still empty")


class Self(Lifecycle[Light, Order], initial=Light.RED, final={Light.GREEN}, name="why-self"):
    @always(source=Light.RED, target=Light.GREEN, guard=ready)
    def go(self, order: Order) -> Order:
        return order
