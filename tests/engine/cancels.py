"""Workflows in which something is cancelled while others go on."""

from __future__ import annotations

import asyncio
from typing import Any

from engine.fans import Bad, minor, twice, work
from interlock.machines import (
    Command,
    Handle,
    approval,
    each,
    parallel,
    race,
    settle,
    sleep,
    start,
    start_child,
    wait_for,
    workflow,
)

SAID: list[str] = []
"""What branches said of their end. Tests clear it."""


class Paid(Command):
    amount: int


async def asking(who: str) -> bool:
    try:
        return (await approval(who)).granted
    except asyncio.CancelledError as error:
        SAID.append(f"{who}: {error}")
        raise


async def tidy(n: int) -> list[int]:
    try:
        return await work(n)
    finally:
        SAID.append(f"tidied {n}")
        await work.named("tidy")(n + 100)


@workflow
async def losing(n: int) -> list[Any]:
    won = await race(quick=work(n), slow=tidy(n + 1), paid=wait_for(Paid), ask=asking("boss"))
    after = await work.named("after")(0)
    return [won.name, won.value, after]


@workflow
async def failing(n: int) -> str:
    try:
        await parallel(work(-1), tidy(n), asking("boss"), minor(n + 1), sleep("1 day"))
    except Bad as error:
        return f"{error}"
    return "nothing was raised"


@workflow
async def everything(n: int) -> list[Any]:
    handle = start(work.named("begun")(n))
    try:
        found = await parallel(tidy(n + 1), asking("boss"), minor(n + 2), twice(n + 3))
    except asyncio.CancelledError:
        SAID.append("the run saw it")
        raise
    return [found, await handle]


@workflow
async def taking_back(n: int) -> list[str]:
    begun = start(work(n))
    branch = start(tidy(n + 1))
    wait = start(wait_for(Paid))
    kid = start_child(minor, n + 2, id="kid")
    await sleep("1 minute")
    several: list[Handle[Any]] = [begun, branch, wait, kid]
    for handle in several:
        handle.cancel()
        handle.cancel()
    outcomes = await settle(*several)
    said = [repr(outcome) for outcome in outcomes]
    try:
        await begun
    except asyncio.CancelledError:
        said.append("cancelled")
    return said


@workflow
async def parent_of_one(policy: str) -> str:
    if policy == "abandon":
        kid = start_child(minor, 1, id="kid", on_cancel="abandon")
    else:
        kid = start_child(minor, 1, id="kid")
    try:
        return f"{await kid}"
    except Bad as error:
        return f"caught {error}"


@workflow
async def leaving_behind(how: str) -> list[Any]:
    shared = [1]
    start(work.named("unused")(1))
    start(tidy(2))
    start(asking("boss"))
    start(wait_for(Paid))
    start_child(minor, 3, id="kid")
    start_child(minor, 4, id="free", on_cancel="abandon")
    await sleep("1 minute")
    if how == "raise":
        raise Bad("left", 7)
    return [shared, shared, "x" * 100]


@workflow
async def all_lost(items: list[int]) -> list[Any]:
    return await each(tidy, items, concurrency=2)
