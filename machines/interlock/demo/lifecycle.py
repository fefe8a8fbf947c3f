"""The lifecycle of an order: which states it can be in, and what may happen in each."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel

from interlock.demo.orders import Order, Receipt, Status
from interlock.demo.provider import Provider
from interlock.demo.world import World
from interlock.machines.command import Command
from interlock.machines.context import current
from interlock.machines.effect import Effect
from interlock.machines.guard import Check, Refuse
from interlock.machines.lifecycle import Lifecycle, after, entering, on
from interlock.machines.retry import Retry
from interlock.machines.step import step


class OrderData(BaseModel):
    """What an order's lifecycle remembers."""

    order: Order
    receipts: tuple[Receipt, ...] = ()
    tracking: str = ""
    note: str = ""

    @property
    def paid(self) -> Decimal:
        """What has been paid so far."""
        return sum((receipt.amount for receipt in self.receipts), Decimal(0))


class PaymentReceived(Command):
    """Money for the order came in."""

    receipt: Receipt


class Ship(Command):
    """The parcel was handed to the carrier."""

    tracking: str


class Deliver(Command):
    """The parcel reached the customer."""


class RequestReturn(Command):
    """The customer wants to send it back."""

    reason: str


class ReceiveReturn(Command):
    """It came back."""


class Cancel(Command):
    """The order will not be carried out."""

    reason: str


def not_paid_twice(data: OrderData, command: PaymentReceived) -> Check:
    """Whether the payment is the first of its kind."""
    known = any(receipt.payment == command.receipt.payment for receipt in data.receipts)
    return not known or Refuse(f"payment {command.receipt.payment} was received already")


def fully_paid(data: OrderData, command: Ship) -> Check:
    """Whether nothing is left to pay."""
    left = data.order.total - data.paid
    return left <= 0 or Refuse(f"{left} of {data.order.total} are still to be paid")


@step(retry=Retry.standard, timeout="10 seconds")
async def pay_back(order: Order, receipt: Receipt) -> None:
    """Give the money of a returned order back."""
    await Provider(World.at(order.world)).refund(current().key, receipt.id, receipt.amount)


class OrderLifecycle(
    Lifecycle[Status, OrderData],
    initial=Status.PLACED,
    final={Status.RETURNED, Status.CANCELLED, Status.CLOSED},
    name="demo-order",
):
    """An order, from the day it is placed until nothing can happen to it any more."""

    @on(PaymentReceived, source=Status.PLACED, guard=not_paid_twice)
    def receive_payment(self, data: OrderData, command: PaymentReceived) -> OrderData:
        """Keep the receipt."""
        return data.model_copy(update={"receipts": (*data.receipts, command.receipt)})

    @on(Ship, source=Status.PLACED, target=Status.SHIPPED, guard=fully_paid)
    def ship(self, data: OrderData, command: Ship) -> OrderData:
        """Keep the tracking number."""
        return data.model_copy(update={"tracking": command.tracking})

    @on(Cancel, source=Status.PLACED, target=Status.CANCELLED)
    def cancel(self, data: OrderData, command: Cancel) -> OrderData:
        """Keep the reason."""
        return data.model_copy(update={"note": command.reason})

    @on(Deliver, source=Status.SHIPPED, target=Status.COMPLETED)
    def deliver(self, data: OrderData, command: Deliver) -> OrderData:
        """The customer has it."""
        return data

    @on(RequestReturn, source=Status.COMPLETED, target=Status.RETURN_PENDING)
    def request_return(self, data: OrderData, command: RequestReturn) -> OrderData:
        """Keep the reason."""
        return data.model_copy(update={"note": command.reason})

    @on(ReceiveReturn, source=Status.RETURN_PENDING, target=Status.RETURNED)
    def receive_return(self, data: OrderData, command: ReceiveReturn) -> OrderData:
        """It is back in the warehouse."""
        return data

    @entering(Status.RETURNED)
    def give_money_back(self, data: OrderData) -> list[Effect]:
        """One refund for each payment."""
        return [pay_back.effect(data.order, receipt) for receipt in data.receipts]

    @after("14 days", source=Status.RETURN_PENDING, target=Status.COMPLETED)
    def forget_return(self, data: OrderData) -> OrderData:
        """Nothing came back: the customer keeps it."""
        return data.model_copy(update={"note": "the return never arrived"})

    @after("30 days", source=Status.COMPLETED, target=Status.CLOSED)
    def close(self, data: OrderData) -> OrderData:
        """The time for returns is over."""
        return data
