"""Workflows with one thing wrong in what they call: helpers, phases, joins, handles, children."""

from __future__ import annotations

from interlock.machines import (
    approval,
    each,
    parallel,
    phase,
    race,
    settle,
    sleep,
    start,
    start_child,
    step,
    wait_for,
    workflow,
)
from machines.broken_lifecycles import Pay
from machines.broken_workflows import charge, forever, look, refund


@step(compensate=refund, timeout="5 seconds")
async def reserve(amount: int) -> int:
    return amount


@step(compensate=refund, timeout="5 seconds")
async def read(what: int) -> int:
    return what


async def waits_for_pay() -> None:
    await wait_for(Pay, timeout="1 day")


async def also_waits_for_pay() -> None:
    await wait_for(Pay, timeout="2 days")


async def waits_on() -> None:
    await wait_for(Pay)


async def asks_of(item: int) -> str:
    return (await approval("boss", timeout="1 day")).by


async def pays(n: int) -> int:
    return await charge(n)


async def pays_or_not(n: int) -> int:
    held = await reserve(n)
    try:
        return await charge(held)
    except OSError:
        return 0


@workflow(name="broken-child-forever")
async def child_forever(n: int) -> None:
    while True:
        await look(n)


@workflow(name="broken-child-pays")
async def child_pays(n: int) -> int:
    return await charge(n)


@workflow(name="broken-child-looks")
async def child_looks(n: int) -> int:
    return await look(n)


@workflow(name="broken-loop-in-helper")
async def loop_in_helper(n: int) -> None:
    await forever(n)


@workflow(name="broken-loop-in-phase")
async def loop_in_phase(n: int) -> None:
    with phase("p"):
        while True:
            await look(n)


@workflow(name="broken-handle-never")
async def handle_never(n: int) -> None:
    begun = start(forever(n))
    await begun


@workflow(name="broken-child-in-parallel-never")
async def child_in_parallel_never(n: int) -> None:
    await parallel(look(n), child_forever(n))


@workflow(name="broken-child-never")
async def child_never(n: int) -> None:
    await child_forever(n)


@workflow(name="broken-child-handle-never")
async def child_handle_never(n: int) -> None:
    begun = start_child(child_forever, n)
    await look(n)
    await begun


async def joins_forever(n: int) -> None:
    await parallel(forever(n), look(n))


@workflow(name="broken-never-in-helper")
async def never_in_helper(n: int) -> None:
    await parallel(joins_forever(n), look(n))


@workflow(name="broken-bypass-parallel")
async def bypass_parallel(n: int) -> str:
    await parallel(charge(n), reserve(n))
    try:
        await read(n)
    except OSError:
        return "sorry"
    return "well"


@workflow(name="broken-bypass-helper")
async def bypass_helper(n: int) -> str:
    await pays(n)
    try:
        await read(n)
    except OSError:
        return "sorry"
    return "well"


@workflow(name="broken-bypass-phase")
async def bypass_phase(n: int) -> int:
    with phase("p"):
        await charge(n)
    try:
        await read(n)
    except OSError:
        return 0
    return 1


@workflow(name="broken-bypass-handle")
async def bypass_handle(n: int) -> int:
    begun = start(charge(n))
    try:
        await read(n)
    except OSError:
        return 0
    return await begun


@workflow(name="broken-bypass-inside")
async def bypass_inside(n: int) -> int:
    return await pays_or_not(n)


@workflow(name="broken-bypass-settle")
async def bypass_settle(n: int) -> int:
    await reserve(n)
    await settle(charge(n), charge(n + 1))
    return 1


@workflow(name="broken-bypass-failing-helper")
async def bypass_failing_helper(n: int) -> int:
    try:
        return await pays_then_reads(n)
    except OSError:
        return 0


async def pays_then_reads(n: int) -> int:
    return await read(await charge(n))


@workflow(name="broken-wait-in-handle")
async def wait_in_handle(n: int) -> None:
    begun = start(waits_on())
    await look(n)
    await begun


@workflow(name="broken-alike-handle")
async def alike_handle() -> None:
    begun = start(waits_for_pay())
    await wait_for(Pay, timeout="1 day")
    await begun


@workflow(name="broken-alike-handles")
async def alike_handles() -> None:
    first = start(waits_for_pay())
    second = start(also_waits_for_pay())
    await first
    await second


@workflow(name="broken-alike-each")
async def alike_each() -> list[str]:
    return await each(asks_of, [1, 2])


@workflow(name="broken-alike-list")
async def alike_list(n: int) -> None:
    await parallel(*[waits_for_pay() for _ in range(n)])


@workflow(name="broken-deleted")
async def deleted(n: int) -> int:
    found = await look(n)
    if n > 2:
        del found
    await look(2)
    return found  # pyright: ignore[reportPossiblyUnboundVariable]  # which is what is to be found


@workflow(name="broken-child-stays")
async def child_stays(n: int) -> int:
    return await child_looks(await charge(n))


@workflow(name="broken-beside-child")
async def beside_child(n: int) -> int:
    return await look(await child_pays(n))


@workflow(name="broken-unreached")
async def unreached(n: int) -> None:
    raise ValueError(n)
    await look(n)


async def gives_up(n: int) -> int:
    while True:
        try:
            await look(n)
        except OSError:
            return n


@workflow(name="sound-inside")
async def sound(n: int) -> None:
    """Every loop ends or is ended, and each wait is over before the next one begins."""
    begun = start(waits_for_pay())
    beside = start(forever(n))
    await look(n)
    await begun
    await race(waits_on(), sleep("2 days"))
    both = [start(look(one)) for one in range(n)]
    await parallel(*both)
    await each(asks_of, [1, 2], concurrency=1)
    await parallel(gives_up(n), waits_for_pay())
    beside.cancel()
    last = start(waits_on())
    await race(last, sleep("1 day"))


@workflow(name="sound-undoing")
async def sound_undoing(n: int) -> int:
    """What fails undoes all; a step that fails alone leaves nothing behind."""
    try:
        paid = await pays(n)
    except OSError:
        return 0
    held = start(reserve(n))
    try:
        await parallel(read(n), held)
    except OSError as error:
        raise ValueError("undone") from error
    return paid


@workflow(name="doubtful-alike")
async def doubtful_alike(n: int) -> None:
    """Which of the handles is over is not followed."""
    begun = [start(waits_for_pay()), start(look(n))]
    for one in begun:
        await one
    await wait_for(Pay, timeout="1 day")


async def asks_one(item: str) -> str:
    return (await approval("boss", approvers=item, timeout="1 day")).by


@workflow(name="doubtful-approvers")
async def doubtful_approvers() -> list[str]:
    """Whether they are different people is not looked into."""
    return await each(asks_one, ["ann", "bob"])


@workflow(name="doubtful-failure")
async def doubtful_failure(n: int) -> int:
    """What the helper gives for a failure is looked at by the code behind it."""
    await reserve(n)
    paid = await pays_or_not(n)
    if not paid:
        raise ValueError("not paid")
    return paid


@workflow(name="doubtful-join")
async def doubtful_join(n: int) -> None:
    """Which one is awaited is not followed."""
    begun = {"a": start(forever(n)), "b": start(look(n))}
    await begun["b"]
