"""Lifecycles to be proved from the command line."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field

from interlock.machines import Command, Lifecycle, on
from interlock.machines.proof import invariant

samples = {"Weigh.grams": [1.0, 10.0]}


class At(StrEnum):
    CART = "cart"
    PAID = "paid"
    CLOSED = "closed"


class Cart(BaseModel):
    paid: int = 0
    refunded: int = 0


class Pay(Command):
    amount: Annotated[int, Field(ge=1, le=3)]


class Refund(Command):
    amount: Annotated[int, Field(gt=0, lt=4)]


class Shop(Lifecycle[At, Cart], initial=At.CART, final={At.CLOSED}, name="provable-shop"):
    @on(Pay, source=At.CART, target=At.PAID)
    def pay(self, cart: Cart, command: Pay) -> Cart:
        return cart.model_copy(update={"paid": command.amount})

    @on(Refund, source=At.PAID, target=At.CLOSED)
    def refund(self, cart: Cart, command: Refund) -> Cart:
        return cart.model_copy(update={"refunded": command.amount})

    @invariant
    def refunds_fit(self, cart: Cart) -> bool:
        return cart.refunded <= cart.paid


class Parcel(BaseModel):
    grams: float = 0


class Weigh(Command):
    grams: float


class Desk(Lifecycle[At, Parcel], initial=At.CART, final={At.CLOSED}, name="provable-desk"):
    @on(Weigh, source=At.CART, target=At.PAID)
    def weigh(self, parcel: Parcel, command: Weigh) -> Parcel:
        return Parcel(grams=command.grams)

    @on(Weigh, source=At.PAID, target=At.CLOSED)
    def weigh_again(self, parcel: Parcel, command: Weigh) -> Parcel:
        return Parcel(grams=command.grams)

    @invariant
    def is_light(self, parcel: Parcel) -> bool:
        return parcel.grams < 2000


class Odder(Command):
    what: Any


class Odd(Lifecycle[At, Cart], initial=At.CART, final={At.CLOSED}, name="provable-odd"):
    @on(Odder, source=At.CART, target=At.CLOSED)
    def close(self, cart: Cart, command: Odder) -> Cart:
        return cart
