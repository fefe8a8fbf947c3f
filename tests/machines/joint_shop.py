"""An order and its payment, as machines that send each other commands: with a race between them."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel

from interlock.machines import Command, Lifecycle, Refuse, entering, on, step
from interlock.machines.proof import Here, Together, invariant, sends
from interlock.machines.step import Effect


class Order(StrEnum):
    CART = "cart"
    PLACED = "placed"
    PAID = "paid"
    CANCELLED = "cancelled"
    SHIPPED = "shipped"


class Money(StrEnum):
    NONE = "none"
    TAKEN = "taken"
    RETURNED = "returned"


class Data(BaseModel):
    pass


class Place(Command):
    pass


class Cancel(Command):
    pass


class Ship(Command):
    pass


class Charge(Command):
    pass


class Refund(Command):
    pass


class Charged(Command):
    pass


@step(timeout="1 minute")
async def ask_for_money() -> None: ...


@step(timeout="1 minute")
async def give_back() -> None: ...


@step(timeout="1 minute")
async def tell_order() -> None: ...


class OrderLife(
    Lifecycle[Order, Data], initial=Order.CART, final={Order.SHIPPED, Order.CANCELLED},
    name="joint-order",
):  # fmt: skip
    @on(Place, source=Order.CART, target=Order.PLACED)
    def place(self, data: Data, command: Place) -> Data:
        return data

    @on(Cancel, source=Order.PLACED, target=Order.CANCELLED)
    def cancel(self, data: Data, command: Cancel) -> Data:
        return data

    @on(Charged, source=Order.PLACED, target=Order.PAID)
    def paid(self, data: Data, command: Charged) -> Data:
        return data

    @on(Ship, source=Order.PAID, target=Order.SHIPPED)
    def ship(self, data: Data, command: Ship) -> Data:
        return data

    @entering(Order.PLACED)
    def asks(self, data: Data) -> Effect:
        return ask_for_money.effect()


class PaymentLife(
    Lifecycle[Money, Data], initial=Money.NONE, final={Money.RETURNED}, name="joint-payment"
):
    @on(Charge, source=Money.NONE, target=Money.TAKEN)
    def charge(self, data: Data, command: Charge) -> Data:
        return data

    @on(Refund, source=Money.TAKEN, target=Money.RETURNED)
    def refund(self, data: Data, command: Refund) -> Data:
        return data

    @entering(Money.TAKEN)
    def tell(self, data: Data) -> Effect:
        return tell_order.effect()


class Shop(Together, order=OrderLife, payment=PaymentLife):
    @sends(ask_for_money, to="payment")
    def charges(self, effect: Effect) -> Charge:
        return Charge()

    @sends(tell_order, to="order")
    def tells(self, effect: Effect) -> Charged:
        return Charged()

    @invariant
    def nobody_pays_for_what_is_cancelled(
        self, order: Here[Data], payment: Here[Data]
    ) -> bool | Refuse:
        lost = order.is_in(Order.CANCELLED) and payment.is_in(Money.TAKEN)
        return not lost or Refuse("the money of a cancelled order is kept")

    @invariant
    def what_is_shipped_was_charged(self, order: Here[Data], payment: Here[Data]) -> bool:
        return not order.is_in(Order.SHIPPED) or not payment.is_in(Money.NONE)
