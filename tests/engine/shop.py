"""Workflows that the engine's tests run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal

from pydantic import BaseModel

from interlock.machines import (
    Command,
    DidNotHappen,
    Happened,
    Retry,
    approval,
    current,
    sleep,
    step,
    wait_for,
    workflow,
)

CALLS: list[str] = []
"""What the steps were called with, in order. Tests clear it."""

SCRIPT: dict[str, list[object]] = {}
"""Outcomes to come, by step: an exception is raised, anything else returned."""


def called(name: str, *args: object) -> None:
    CALLS.append(f"{name}({', '.join(map(repr, args))})")
    outcomes = SCRIPT.get(name)
    if outcomes:
        outcome = outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome


class Order(BaseModel):
    id: int
    total: Decimal
    items: list[str] = []


class Declined(Exception):
    """The card was declined."""


@dataclass
class Receipt:
    order: int
    payments: list[str] = field(default_factory=list[str])
    tracking: str = ""


class Paid(Command):
    amount: Decimal
    note: str = ""


async def refund(payment: str, order: Order) -> None:
    called("refund", payment, order.id)


def release(reserved: list[str]) -> None:
    called("release", reserved)


@step(compensate=release)
def reserve(items: list[str]) -> list[str]:
    called("reserve", items)
    items.append("the step's own copy")
    return [f"{item} reserved" for item in items[:-1]]


@step(raises=(Declined,), compensate=refund, retry=Retry(attempts=3, initial="1 ms"))
async def charge(order: Order) -> str:
    called("charge", order.id, str(order.total))
    return f"payment of {order.total}"


@step(timeout="20 ms")
async def ship(order: Order) -> str:
    called("ship", order.id)
    if SCRIPT.get("ship slowly"):
        await asyncio.sleep(30)
    return f"tracking {order.id}"


@step
async def notify(text: str) -> None:
    called("notify", text)


@workflow
async def checkout(order: Order) -> Receipt:
    reserved = await reserve(order.items)
    receipt = Receipt(order.id)
    try:
        payment = await charge(order)
    except Declined as error:
        await notify(f"declined: {error}")
        raise
    receipt.payments.append(payment)
    if order.total > 100:
        decision = await approval("manager", about=order, timeout="2 days")
        if not decision.granted:
            raise ValueError(f"rejected by {decision.by}: {decision.reason}")
    receipt.tracking = await ship(order)
    assert reserved[0].endswith("reserved")
    return receipt


@workflow
async def napping(name: str) -> str:
    await notify(f"{name} goes to sleep")
    await sleep("2 days")
    await notify(f"{name} woke up")
    return f"{name} slept"


@workflow
async def waiting(least: Decimal) -> str:
    paid = await wait_for(Paid, where=lambda p: p.amount >= least, timeout="1 hour")
    await notify(f"got {paid.amount}")
    return paid.note


@workflow
async def looping(n: int) -> list[int]:
    results: list[int] = []
    for i in range(n):
        results.append(await double(i))  # noqa: PERF401  the list grows by patches
    return results


@step
async def double(i: int) -> int:
    called("double", i)
    return 2 * i


@step(on_crash="hold", compensate=release)
async def wire(amount: int) -> str:
    called("wire", amount, current().key)
    return f"wired {amount}"


@workflow
async def once(amount: int) -> str:
    done = await wire(amount)
    await notify(done)
    return done


BOOK: dict[str, str] = {}


async def did_it_happen(amount: int) -> Happened[str] | DidNotHappen:
    called("did_it_happen", amount)
    known = BOOK.get(current().key)
    return Happened(known) if known else DidNotHappen()


@step(verify=did_it_happen)
async def book(amount: int) -> str:
    called("book", amount)
    BOOK[current().key] = f"booked {amount}"
    return BOOK[current().key]


@workflow
async def verified(amount: int) -> str:
    return await book(amount)


@step
async def forever() -> None:
    called("forever")
    await asyncio.sleep(3600)


@workflow
async def cancellable(order: Order) -> str:
    await charge(order)
    try:
        await forever()
    finally:
        await notify("cleaning up")
    return "never"
