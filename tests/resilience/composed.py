"""Workflows that reach for services in trouble from joins, helpers and child runs."""

from __future__ import annotations

import asyncio
from enum import StrEnum

from pydantic import BaseModel

from interlock.machines import (
    Cache,
    Command,
    Effect,
    Lifecycle,
    Ok,
    each,
    entering,
    on,
    parallel,
    race,
    sleep,
    step,
    workflow,
)
from resilience.services import UNDER_WAY, look_up, pay, post, print_page, scan, service


@step
async def plain(name: str) -> str:
    return await service(name)


async def paid_and_noted(customer: str) -> str:
    paid = await pay(customer)
    return f"{paid}, {await plain('note')}"


@workflow
async def paid_beside(customer: str) -> tuple[str, str]:
    return await parallel(pay(customer), plain("beside"))


@workflow
async def paid_twice_beside(customer: str) -> tuple[str, str]:
    return await parallel(pay(customer), pay(customer))


@workflow
async def paid_in_a_helper(customer: str) -> tuple[str, str]:
    return await parallel(paid_and_noted(customer), plain("beside"))


@workflow
async def paid_by_a_child(customer: str) -> str:
    return await paid_alone(customer)


@workflow
async def paid_alone(customer: str) -> str:
    return await pay(customer)


@workflow
async def paid_each(customers: list[str]) -> list[str]:
    return await each(pay, customers, concurrency=3)


@workflow
async def posted_each(texts: list[str]) -> list[str]:
    return await each(post, texts)


@workflow
async def printed_each(pages: list[int]) -> int:
    printed = await each(print_page, pages, concurrency=10)
    return len(printed) + 100 * UNDER_WAY["most print"]


@workflow
async def looked_up_twice(word: str) -> bool:
    one, other = await parallel(look_up(word), look_up(word))
    return one == other


KEPT: list[int] = []
"""What was called."""


@step(cache=Cache())
async def kept(number: int) -> int:
    for _ in range(number % 3):
        await asyncio.sleep(0)
    KEPT.append(number)
    return number


@workflow
async def kept_each(numbers: list[int], at_once: int) -> list[int]:
    return await each(kept, numbers, concurrency=at_once)


@workflow
async def first_of(customer: str) -> str | int:
    won = await race(pay=pay(customer), quick=plain("quick"))
    return won.name


@workflow
async def first_scanned(page: int) -> str | int:
    won = await race(scan=scan(page), quick=plain("quick"))
    return won.name


@workflow
async def scanned_or_not(pages: list[int]) -> list[bool]:
    tried = await each(scan, pages, on_error="collect")
    return [isinstance(one, Ok) for one in tried]


@workflow
async def paid_beside_a_sleep(customer: str) -> str:
    await parallel(pay(customer), sleep("1 hour"))
    return "paid"


class Basket(BaseModel):
    customer: str = "ann"


class Station(StrEnum):
    OPEN = "open"
    ORDERED = "ordered"
    GONE = "gone"


class Order(Command):
    """Buy what is in the basket."""


class Leave(Command):
    """Go away."""


class Shopping(Lifecycle[Station, Basket], initial=Station.OPEN, final={Station.GONE}):
    @on(Order, source=Station.OPEN, target=Station.ORDERED)
    def order(self, basket: Basket, command: Order) -> Basket:
        return basket

    @on(Leave, source=(Station.OPEN, Station.ORDERED), target=Station.GONE)
    def leave(self, basket: Basket, command: Leave) -> Basket:
        return basket

    @entering(Station.ORDERED)
    def charge(self, basket: Basket) -> list[Effect]:
        return [pay.effect(basket.customer), plain.effect("after")]
