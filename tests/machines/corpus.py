"""Workflows as people write them: what the compiler has to take, with every state it makes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.errors import TimedOut
from interlock.machines.retry import Retry
from interlock.machines.step import step
from interlock.machines.waits import approval, sleep, wait_for


class Tier(StrEnum):
    FREE = "free"
    PAID = "paid"


class Item(BaseModel):
    id: int
    price: Decimal = Decimal(1)
    tags: list[str] = []


class Order(BaseModel):
    id: str
    total: Decimal = Decimal(0)
    tier: Tier = Tier.FREE
    items: list[Item] = []


@dataclass
class Report:
    done: list[int] = field(default_factory=list[int])
    failed: dict[int, str] = field(default_factory=dict[int, str])


class PaymentReceived(Command):
    amount: Decimal = Decimal(0)


class Shipped(Command):
    tracking: str = ""


class Declined(Exception):
    pass


class OutOfStock(Exception):
    pass


def refund(payment: str) -> None:
    """Undo a charge."""


@step(raises=Declined, compensate=refund, retry=Retry.standard)
async def charge(*args: object, **kwargs: object) -> str:
    return "payment"


@step(raises=(OutOfStock,))
async def reserve(*args: object, **kwargs: object) -> str:
    return "reserved"


@step
async def ship(*args: object, **kwargs: object) -> str:
    return "tracking"


@step
async def notify(*args: object, **kwargs: object) -> None:
    return None


@step
async def fetch(*args: object, **kwargs: object) -> list[int]:
    return [1, 2, 3]


@step
async def check(*args: object, **kwargs: object) -> bool:
    return True


@step
async def store(*args: object, **kwargs: object) -> int:
    return 7


CORPUS: list[tuple[Callable[..., Any], list[str]]] = []
"""Each workflow with its states, in order of the source."""


def states(*expected: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add a workflow to the corpus."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        CORPUS.append((function, list(expected)))
        return function

    return add


@states("reserve", "charge", "approval:manager", "ship")
async def checkout(order: Order) -> dict[str, str]:
    stock = await reserve(order)
    payment = await charge(order)
    if order.total > 1000:
        decision = await approval("manager", about=order, timeout="2 days")
        if not decision.granted:
            raise Declined(decision.reason)
    return {"stock": stock, "payment": payment, "tracking": await ship(order, payment)}


@states("charge", "notify")
async def charge_each(order: Order) -> list[str]:
    results: list[str] = []
    for item in order.items:
        payment = await charge(item.id, amount=item.price)
        results.append(payment)
    await notify(results)
    return results


@states("charge", "notify after charge", "notify after notify")
async def fallback(order: Order) -> str | None:
    try:
        return await charge(order)
    except Declined as error:
        await notify(f"declined: {error}")
        return None
    finally:
        await notify("done")


@states("wait:PaymentReceived", "notify", "sleep", "ship")
async def invoice(order: Order, due: Decimal) -> str:
    paid = Decimal(0)
    while paid < due:
        try:
            command = await wait_for(
                PaymentReceived, where=lambda c: c.amount > 0, timeout=timedelta(days=7)
            )
        except TimedOut:
            await notify(order, due - paid)
            await sleep("1 day")
        else:
            paid += command.amount
    return await ship(order)


@states("check", "charge.paid", "charge.free")
async def tiers(order: Order) -> str:
    match order:
        case Order(tier=Tier.PAID) if await check(order):
            return await charge.named("charge.paid")(order)
        case Order(tier=Tier.FREE):
            return await charge.named("charge.free")(order)
        case _:
            raise ValueError(order.tier)


@states("check", "store")
async def poll(url: str, attempts: int = 5) -> int | None:
    for _attempt in range(attempts):
        if await check(url):
            break
    else:
        return None
    return await store(url)


@states("fetch", "check", "store")
async def pipeline(source: str) -> int:
    rows = [row for row in await fetch(source) if await check(row)]
    return await store({"rows": rows, "count": len(rows)})


@states("reserve", "charge", "ship")
async def nested_calls(order: Order) -> str:
    return await ship(await reserve(order), payment=await charge(order))


@states("check", "approval:lead", "store")
async def conditions(order: Order) -> str:
    granted = (await check(order)) and (await approval("lead")).granted
    return f"{'yes' if granted else 'no'}: {await store(order)}"


@states("fetch", "reserve", "store")
async def report(source: str) -> Report:
    made = Report()
    for number in await fetch(source):
        try:
            await reserve(number)
        except OutOfStock as error:
            made.failed[number] = str(error)
            continue
        made.done.append(number)
    await store(made)
    return made


@states("charge", "store")
async def totals(order: Order) -> dict[int, str]:
    by_id: dict[int, str] = {}
    for item in order.items:
        by_id[item.id] = await charge(item)
    await store(by_id)
    return by_id


@states("reserve", "charge", "notify", "ship")
async def saga(order: Order) -> str:
    await reserve(order)
    try:
        await charge(order)
    except Declined:
        await notify("declined")
        raise
    return await ship(order)


@states("charge", "notify")
async def best_effort(order: Order) -> str:
    payment = await charge(order)
    with contextlib.suppress(ValueError, LookupError):
        await notify(payment)
    return payment


@states("approval", "notify")
async def chain(order: Order, approvers: list[str]) -> bool:
    for name in approvers:
        decision = await approval(name, about=order)
        if not decision.granted:
            await notify(name, decision.reason)
            return False
    return True


@states("fetch", "store")
async def batches(source: str, size: int = 2) -> int:
    rows, saved = await fetch(source), 0
    while rows:
        batch, rows = rows[:size], rows[size:]
        saved += await store(batch)
    return saved


@states("check", "notify", "sleep")
async def backoff(url: str) -> int:
    wait = timedelta(seconds=1)
    turns = 0
    while not await check(url):
        turns += 1
        if turns > 5:
            await notify(url)
            break
        await sleep(wait)
        wait = min(wait * 2, timedelta(minutes=5))
    return turns


@states("reserve", "ship")
async def grid(rows: list[list[int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            if cell < 0:
                break
            if not cell:
                continue
            await reserve(x, y)
            found.append((x, y))
        else:
            await ship(y)
    return found


@states("wait:Shipped", "wait:PaymentReceived")
async def two_commands(order: Order) -> tuple[str, Decimal]:
    minimum = order.total / 2
    shipped = await wait_for(Shipped)
    paid = await wait_for(PaymentReceived, where=lambda c: c.amount >= minimum)
    return shipped.tracking, paid.amount


@states("reserve", "charge", "ship", "notify")
async def early(order: Order) -> str:
    if not order.items:
        return "empty"
    if order.total == 0:
        return await reserve(order)
    payment = await charge(order)
    if order.tier is Tier.PAID:
        tracking = await ship(order)
    else:
        tracking = None
    await notify(payment, tracking)
    return payment


@states("first", "second", "third")
async def three_times(order: Order) -> list[str]:
    return [
        await charge.named("first")(order),
        await charge.with_(retry=Retry.none).named("second")(order),
        await charge.named("third").with_(timeout="5 seconds")(order),
    ]


@states("reserve", "charge", "ship")
async def keyword_only(order: Order, *extra: str, gift: bool = False, **labels: str) -> str:
    await reserve(order, *extra, **labels)
    payment = await charge(order) if not gift else None
    return await ship(order, payment, *extra)


@states("store after start", "store after store")
async def unpack(order: Order) -> tuple[int, int]:
    first, *rest = [item.id for item in order.items] or [0]
    total = first + sum(rest)
    saved = await store(total)
    assert saved == 7, await store("odd")
    del rest
    return first, saved
