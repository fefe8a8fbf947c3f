"""Workflows with one thing wrong with each, and one with nothing; `broken.py` says what."""

from __future__ import annotations

from io import StringIO

from interlock.machines import (
    approval,
    each,
    parallel,
    race,
    sleep,
    step,
    wait_for,
    workflow,
)
from machines.broken_lifecycles import Go, Pay, unhurried


async def refund(receipt: int) -> None: ...


@step(compensate=refund, timeout="5 seconds")
async def charge(amount: int) -> int:
    return amount


@step(timeout="5 seconds", irreversible="mail cannot be unsent")
async def mail(text: str) -> None: ...


@step(timeout="5 seconds")
async def look(what: int) -> int:
    return what


async def officer() -> str:
    return (await approval("officer", timeout="1 day")).by


async def second_officer() -> str:
    return (await approval("officer", timeout="2 days")).by


async def forever(n: int) -> None:
    while True:
        await look(n)


@workflow(name="broken-waits-for-ever")
async def waits_for_ever() -> None:
    await wait_for(Pay)


@workflow(name="broken-asks-for-ever")
async def asks_for_ever() -> None:
    await approval("boss")


@workflow(name="broken-slow-step")
async def slow_step() -> None:
    await unhurried(1)


@workflow(name="broken-stays")
async def stays(n: int) -> int:
    return await look(await charge(n))


@workflow(name="broken-irreversible")
async def cannot_be_undone(n: int) -> int:
    paid = await charge(n)
    await mail("paid")
    return paid


@workflow(name="broken-bypassed")
async def bypassed(n: int) -> int:
    paid = await charge(n)
    try:
        await charge(n + 1)
    except OSError:
        paid = 0
    return paid


@workflow(name="broken-loop")
async def looping() -> None:
    while True:
        await wait_for(Pay, timeout="1 day")


@workflow(name="broken-parallel")
async def never_joined(n: int) -> None:
    await parallel(look(n), forever(n))


@workflow(name="broken-unassigned")
async def unassigned(n: int) -> int:
    if n > 1:
        more = await look(n)
    await look(0)
    return more  # pyright: ignore[reportPossiblyUnboundVariable]  # which is what is to be found


@workflow(name="broken-alike")
async def asked_twice() -> list[object]:
    return [*await parallel(officer(), second_officer())]


@workflow(name="broken-alike-waits")
async def waited_twice() -> str | int:
    won = await race(wait_for(Pay, timeout="1 day"), wait_for(Go, Pay, timeout="1 day"))
    return won.name


@workflow(name="sound-branches")
async def sound(n: int) -> list[int]:
    """Nothing is wrong: the loops end, the race ends, every value is there."""
    await race(sleep("1 day"), forever(n))
    found = await each(look, [n, n + 1])
    while True:
        turn = await look(n)
        if turn > 1:
            break
    match turn:
        case 2:
            last = 3
        case _:
            last = 4
    with StringIO("text") as file:
        text = file.read()
    await look(last + len(text))
    return found
