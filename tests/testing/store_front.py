"""A small shop that the harness is tried on."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel

from interlock.machines import (
    Command,
    DidNotHappen,
    Happened,
    Retry,
    approval,
    parallel,
    sleep,
    step,
    wait_for,
    workflow,
)

REAL: list[str] = []
"""What ran for real. Tests clear it."""


class Basket(BaseModel):
    total: Decimal
    items: list[str] = []


class Payment(BaseModel):
    id: str
    amount: Decimal


class Declined(Exception):
    """The card was declined."""


class Collected(Command):
    code: str


async def refund(payment: Payment) -> None:
    REAL.append(f"refund {payment.id}")


@step(
    retry=Retry(attempts=3, initial="1 minute", maximum="1 hour"),
    timeout="30 seconds",
    raises=(Declined,),
    compensate=refund,
)
async def pay(basket: Basket) -> Payment:
    REAL.append("pay")
    return Payment(id="real", amount=basket.total)


@step(timeout="1 hour")
def pack(items: list[str]) -> str:
    REAL.append("pack")
    return "+".join(items)


@step
async def post(parcel: str, *, express: bool = False) -> str:
    REAL.append("post")
    return f"posted {parcel}"


async def was_booked(day: str) -> Happened[str] | DidNotHappen:
    return DidNotHappen()


@step(on_crash="verify", verify=was_booked)
async def book(day: str) -> str:
    return f"booked {day}"


@step
async def price(item: str) -> Decimal:
    return Decimal(len(item))


@workflow
async def selling(basket: Basket) -> str:
    payment = await pay(basket)
    if basket.total > 100:
        decision = await approval("manager", about=payment, timeout="2 days")
        if not decision.granted:
            raise Declined(decision.reason)
    parcel = await pack(basket.items)
    return await post(parcel, express=basket.total > 500)


@workflow
async def collecting(item: str) -> str:
    found = await wait_for(Collected, timeout="1 week")
    await sleep("3 days")
    return f"{item} {found.code}"


@workflow
async def booking(day: str) -> str:
    return await book(day)


@workflow
async def quoting(first: str, second: str) -> Decimal:
    one, two = await parallel(price(first), price(second))
    return one + two
