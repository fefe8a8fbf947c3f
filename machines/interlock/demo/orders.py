"""Orders, payments and what becomes of them, and the 99 real ones that are shipped along."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from importlib import resources

from pydantic import BaseModel, ConfigDict


class Method(StrEnum):
    """How a payment is made."""

    CREDIT_CARD = "credit_card"
    COUPON = "coupon"
    BANK_TRANSFER = "bank_transfer"
    GIFT_CARD = "gift_card"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Payment(_Value):
    """One of the payments that an order is paid with."""

    id: str
    method: Method
    amount: Decimal


class Order(_Value):
    """What a customer wants.

    Attributes:
        id: also the id of the order's checkout.
        customer: their number.
        placed: the day of the order.
        payments: with what it is to be paid.
        world: file of the simulated world in which its money and goods are.
    """

    id: str
    customer: int
    placed: date
    payments: tuple[Payment, ...]
    world: str

    @property
    def total(self) -> Decimal:
        """What all payments come to."""
        return sum((payment.amount for payment in self.payments), Decimal(0))

    @property
    def lifecycle(self) -> str:
        """The id of the order's lifecycle."""
        return f"{self.id}/lifecycle"


class Receipt(_Value):
    """Money that was taken."""

    id: str
    payment: str
    amount: Decimal


class Confirmation(_Value):
    """What the customer gets in the end."""

    order: str
    paid: Decimal
    tracking: str


class Status(StrEnum):
    """Where an order is; the first five are the words of the data."""

    PLACED = "placed"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    RETURN_PENDING = "return_pending"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class RealOrder:
    """An order of the data, with the status that it really reached."""

    order: Order
    status: Status


def real_orders(world: str, *, scale: int = 1, limit: int | None = None) -> list[RealOrder]:
    """The orders of the data, as `order-1`, `order-2` …

    Args:
        world: see `Order.world`.
        scale: how many times over; from the second time on as `order-1.2`, `order-1.3` …
        limit: at most so many of the data.
    """
    payments: dict[str, list[Payment]] = defaultdict(list)
    for row in _rows("jaffle_payments.csv"):
        amount = Decimal(row["amount"]).scaleb(-2)
        payment = Payment(id=row["id"], method=Method(row["payment_method"]), amount=amount)
        payments[row["order_id"]].append(payment)
    rows = _rows("jaffle_orders.csv")[:limit]
    found: list[RealOrder] = []
    for turn in range(1, scale + 1):
        suffix = "" if turn == 1 else f".{turn}"
        for row in rows:
            order = Order(
                id=f"order-{row['id']}{suffix}",
                customer=int(row["user_id"]),
                placed=date.fromisoformat(row["order_date"]),
                payments=tuple(payments[row["id"]]),
                world=world,
            )
            found.append(RealOrder(order, Status(row["status"])))
    return found


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("interlock.demo.data").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
