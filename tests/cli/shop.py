"""A small shop for the tests of the command line: a workflow, and a lifecycle."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel

from interlock.machines import (
    Command,
    Lifecycle,
    Refuse,
    Retry,
    after,
    approval,
    current,
    on,
    step,
    wait_for,
    workflow,
)


class Order(BaseModel):
    id: str
    total: Decimal


class Paid(Command):
    amount: Decimal


class Declined(Exception):
    pass


def refund(receipt: str) -> None:
    """The undo of `charge`."""


@step(raises=(Declined,), compensate=refund)
async def charge(order: Order) -> str:
    if order.total < 0:
        raise Declined("a negative total")
    return f"receipt-{order.id}"


@step(on_crash="hold")
async def ship(order: Order) -> str:
    if order.total == 9:
        await asyncio.Event().wait()  # until the process dies
    return f"parcel-{order.id}"


@workflow(name="cli-checkout")
async def checkout(order: Order) -> str:
    receipt = await charge(order)
    if order.total > 100:
        decision = await approval("manager", about=order, timeout="2 days")
        if not decision.granted:
            raise Declined(decision.reason)
    if order.total == 7:
        await wait_for(Paid)
    parcel = await ship(order)
    return f"{receipt} {parcel}"


class Stage(StrEnum):
    NEW = "new"
    PAID = "paid"
    CLOSED = "closed"


class Bill(BaseModel):
    total: Decimal


class Pay(Command):
    amount: Decimal


def enough(bill: Bill, command: Pay) -> bool | Refuse:
    return command.amount >= bill.total or Refuse(f"{bill.total} is to be paid")


class Billing(Lifecycle[Stage, Bill], initial=Stage.NEW, final={Stage.CLOSED}):
    @on(Pay, source=Stage.NEW, target=Stage.PAID, guard=enough)
    def pay(self, bill: Bill, command: Pay) -> Bill:
        return bill

    @after("30 days", source=Stage.PAID, target=Stage.CLOSED)
    def close(self, bill: Bill) -> Bill:
        return bill


@workflow(name="cli-doubled")
async def doubled(amount: int) -> int:
    return 2 * amount


@workflow(name="cli-pair")
async def pair(order: Order, copies: int = 1) -> int:
    await charge(order)
    return copies


class Stocked(BaseModel):
    id: str
    left: int


class Shelf(StrEnum):
    CLOSED = "closed"


class Stock(Lifecycle[Shelf, Stocked], initial=Shelf.CLOSED, final={Shelf.CLOSED}):
    """A lifecycle that ends where it begins."""


@step(retry=Retry(attempts=2, initial="1 ms", jitter=0))
async def flaky(name: str) -> str:
    if current().attempt == 1:
        raise OSError("not yet")
    return name


@workflow(name="cli-retried")
async def retried(name: str) -> str:
    return await flaky(name)
