"""A desk where several people decide at the same time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

from interlock.machines import (
    Command,
    Retry,
    approval,
    each,
    parallel,
    race,
    reply,
    settle,
    sleep,
    step,
    wait_for,
    workflow,
)


class Cleared(Command):
    reference: str


class Asked(Command):
    what: str


@dataclass
class Deal:
    id: str
    amount: int


@step
async def screen(deal: Deal) -> Deal:
    return Deal(f"{deal.id}, screened", deal.amount)


async def compliance(deal: Deal) -> str:
    screened = await screen(deal)
    decision = await approval("officer", about=screened, approvers=["ann", "bob"], quorum=2)
    return decision.by


async def finance(deal: Deal) -> str:
    decision = await approval("officer", about=deal.amount)
    cleared = await wait_for(Cleared)
    return f"{decision.by} {cleared.reference}"


async def supplier() -> str:
    won = await race(answer=wait_for(Asked), late=sleep("5 days"))
    return str(won.name)


@workflow(name="cli-billing")
async def billing(deal: Deal) -> Literal["billed"]:
    await approval("bill", about=deal)
    return "billed"


@workflow(name="cli-desk")
async def desk(deal: Deal) -> list[str]:
    found = await settle(
        compliance=compliance(deal), finance=finance(deal), supplier=supplier(), bill=billing(deal)
    )
    answer = await wait_for(Asked)
    reply({"asked": answer.what, "over": len(found)})
    await wait_for(Asked)
    return sorted(found)


@workflow(name="cli-two")
async def two(deal: Deal) -> list[str]:
    first, second = await parallel(approval("manager", about=deal), approval("auditor"))
    return [first.by, second.by]


BROKEN: list[str] = []
"""Ids of deals that cannot be unbooked, once for each time they are named here."""


async def unbook(deal: str) -> None:
    if deal in BROKEN:
        BROKEN.remove(deal)
        message = f"{deal} is locked"
        raise OSError(message)


@step(compensate=unbook, compensate_retry=Retry.none)
async def book(deal: str) -> str:
    return deal


@step
async def refuse() -> None:
    message = "no"
    raise ValueError(message)


@workflow(name="cli-booking")
async def booking(deal: str) -> None:
    await book(deal)
    await refuse()


@step(on_crash="hold")
async def pay(where: str) -> Deal:
    return await asyncio.Future[Deal]()


@workflow(name="cli-paying")
async def paying() -> list[Deal]:
    return list(await each(pay, ["north", "south"], ids=str))
