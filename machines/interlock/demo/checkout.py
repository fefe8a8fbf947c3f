"""The showpiece: an order from the basket to the carrier, or everything undone."""

from __future__ import annotations

from decimal import Decimal

from interlock.demo.depot import Carrier, Warehouse
from interlock.demo.errors import InvalidOrder, PaymentDeclined, Rejected
from interlock.demo.lifecycle import Cancel, PaymentReceived, Ship
from interlock.demo.orders import Confirmation, Method, Order, Payment, Receipt
from interlock.demo.provider import Provider
from interlock.demo.world import World
from interlock.machines import Command, Retry, approval, current, step, wait_for, workflow

APPROVAL_ABOVE = Decimal("27.50")
"""An order of more than this needs the manager's approval: one in eight of the data does."""

PATIENT = Retry(attempts=5, initial="100 ms", maximum="1 second")

KNOWN = 1000
"""Calls of one attempt that may end with their process: whoever is called knows the key, so that
asking once more is harmless, and no person has to look. A demo is killed oftener than a worker."""


class CarrierArrived(Command):
    """The carrier stands at the door. It may come before the parcel is ready: it waits."""

    carrier: str


async def withdraw(accepted: None, order: Order) -> None:
    """Undo `validate`: the order is off."""
    await current().send(order.lifecycle, Cancel(reason="the checkout failed and was undone"))


@step(raises=InvalidOrder, compensate=withdraw)
async def validate(order: Order) -> None:
    """Take the order, or say why not."""
    if not order.payments:
        raise InvalidOrder("it does not say how it is paid")


async def release(reservation: str, order: Order) -> None:
    """Undo `reserve`: back on the shelf."""
    await Warehouse(World.at(order.world)).release(reservation)


@step(retry=PATIENT, timeout="5 seconds", compensate=release, interruptions=KNOWN)
async def reserve(order: Order) -> str:
    """Keep the goods aside."""
    return await Warehouse(World.at(order.world)).reserve(current().key, order.id)


async def refund(receipt: Receipt, order: Order, payment: Payment) -> None:
    """Undo `charge`: give the money back."""
    await Provider(World.at(order.world)).refund(current().key, receipt.id, payment.amount)


@step(
    retry=PATIENT, timeout="10 seconds", raises=PaymentDeclined, compensate=refund,
    interruptions=KNOWN,
)  # fmt: skip
async def charge(order: Order, payment: Payment) -> Receipt:
    """Take the money. The key makes sure that it is taken once, whatever happens here."""
    call = current()
    taken = await Provider(World.at(order.world)).charge(
        call.key, order.id, payment.id, payment.amount,
        card=payment.method is Method.CREDIT_CARD, attempt=call.attempt,
    )  # fmt: skip
    receipt = Receipt(id=taken, payment=payment.id, amount=payment.amount)
    await call.send(order.lifecycle, PaymentReceived(receipt=receipt))
    return receipt


@step(retry=PATIENT, timeout="5 seconds", interruptions=KNOWN)
async def ship(order: Order, carrier: str) -> str:
    """Hand the parcel over; its tracking number."""
    call = current()
    tracking = await Carrier(World.at(order.world)).hand_over(call.key, order.id, carrier)
    await call.send(order.lifecycle, Ship(tracking=tracking))
    return tracking


@workflow(name="demo-checkout")
async def checkout(order: Order) -> Confirmation:
    """Validate, reserve, charge, ask the manager, ship. What fails midway is undone."""
    await validate(order)
    await reserve(order)

    paid = Decimal(0)
    for payment in order.payments:
        receipt = await charge(order, payment)
        paid += receipt.amount

    if order.total > APPROVAL_ABOVE:
        decision = await approval("manager", about=order, timeout="2 days")
        if not decision.granted:
            raise Rejected(decision.reason)

    arrived = await wait_for(CarrierArrived, timeout="10 days")
    tracking = await ship(order, arrived.carrier)
    return Confirmation(order=order.id, paid=paid, tracking=tracking)
