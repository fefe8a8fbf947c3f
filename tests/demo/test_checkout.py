"""The parts of the checkout as what they are: plain functions, and a drawn machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from interlock.demo import OrderLifecycle, checkout
from interlock.demo.checkout import APPROVAL_ABOVE, charge, refund, release, reserve, ship, validate
from interlock.demo.errors import InvalidOrder
from interlock.demo.lifecycle import (
    OrderData,
    PaymentReceived,
    Ship,
    fully_paid,
    not_paid_twice,
)
from interlock.demo.orders import Method, Order, Payment, Receipt, Status, real_orders
from interlock.demo.provider import Provider, receipt_id
from interlock.demo.world import World
from interlock.machines import Command, Current, calling

COUPON = Payment(id="1", method=Method.COUPON, amount=Decimal("10.00"))


class Sent:
    """Takes the commands that a step sends."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, Command]] = []

    async def __call__(self, run: str, command: Command, *, command_id: str) -> None:
        assert command_id
        self.commands.append((run, command))


@pytest.fixture
def order(tmp_path: Path) -> Iterator[Order]:
    path = str(tmp_path / "world.db")
    World.create(path, seed=1)
    yield Order(id="order-1", customer=1, placed=date(2018, 1, 1), payments=(COUPON,), world=path)
    World.close(path)


def call(step: str, sent: Sent, *, key: str = "key") -> Current:
    return Current("order-1", step, step, 9, key, sent)


async def test_steps_are_functions(order: Order) -> None:
    sent = Sent()
    await validate(order)
    with calling(call("reserve", sent)):
        reservation = await reserve(order)
    with calling(call("charge", sent)):
        receipt = await charge(order, COUPON)
    with calling(call("ship", sent)):
        tracking = await ship(order, "mail")
    assert receipt == Receipt(id=receipt_id("key"), payment="1", amount=Decimal("10.00"))
    assert sent.commands == [
        ("order-1/lifecycle", PaymentReceived(receipt=receipt)),
        ("order-1/lifecycle", Ship(tracking=tracking)),
    ]
    with calling(call("refund", sent, key="undo")):
        await refund(receipt, order, COUPON)
    await release(reservation, order)
    book = Provider(World.at(order.world)).book()
    assert [refund.receipt for refund in book.refunds] == [receipt.id]


async def test_an_order_without_payments_is_not_taken(order: Order) -> None:
    with pytest.raises(InvalidOrder):
        await validate(order.model_copy(update={"payments": ()}))


def test_the_machine_has_the_states_that_the_function_awaits() -> None:
    states = [node.id for node in checkout.machine.nodes]
    for wanted in (
        "validate",
        "reserve",
        "charge",
        "approval:manager",
        "wait:CarrierArrived",
        "ship",
    ):
        assert wanted in states
    assert ("charge", "charge") in checkout.machine.moves
    assert ("validate", "charge") not in checkout.machine.moves


def test_the_lifecycle_has_a_state_for_every_status() -> None:
    assert {node.id for node in OrderLifecycle.program().machine.nodes} == set(Status)


def test_guards_give_their_reasons(order: Order) -> None:
    empty = OrderData(order=order)
    receipt = Receipt(id="r", payment="1", amount=Decimal("10.00"))
    paid = OrderData(order=order, receipts=(receipt,))
    assert str(fully_paid(empty, Ship(tracking="T"))).find("10.00 of 10.00 are still") > 0
    assert fully_paid(paid, Ship(tracking="T")) is True
    assert not_paid_twice(empty, PaymentReceived(receipt=receipt)) is True
    assert not not_paid_twice(paid, PaymentReceived(receipt=receipt))


def test_the_data_is_what_its_source_has() -> None:
    reals = real_orders("")
    assert len(reals) == 99
    assert sum(len(real.order.payments) for real in reals) == 113
    assert sum(real.order.total for real in reals) == Decimal("1672.00")
    assert [real.order.id for real in reals[:2]] == ["order-1", "order-2"]
    assert len({real.order.id for real in real_orders("", scale=3)}) == 297
    large = [real for real in reals if real.order.total > APPROVAL_ABOVE]
    assert 10 <= len(large) <= 15
