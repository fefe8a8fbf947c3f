"""Machines that use everything, for simulations of the engine."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel

from interlock.machines import (
    Breaker,
    Bulkhead,
    Command,
    DidNotHappen,
    Effect,
    Happened,
    Lifecycle,
    RateLimit,
    Refuse,
    Retry,
    TimedOut,
    after,
    approval,
    each,
    entering,
    now,
    on,
    parallel,
    sleep,
    start,
    step,
    wait_for,
    workflow,
)
from interlock.machines.proof import invariant


class Paid(Command):
    amount: int


class Stop(Command):
    pass


class Declined(Exception):
    pass


@step
async def refund(charged: int) -> None: ...


@step
def unship(shipped: str) -> None: ...


async def did_it_happen(n: int) -> Happened[int] | DidNotHappen:
    return DidNotHappen()


@step(retry=Retry.standard, timeout="30 seconds", raises=(Declined,), compensate=refund)
async def charge(n: int) -> int:
    return n


@step(compensate=unship)
def ship(n: int) -> str:
    return str(n)


@step(on_crash="hold")
async def once(n: int) -> int:
    return n


@step(on_crash="verify", verify=did_it_happen, retry=Retry(attempts=3))
async def checked(n: int) -> int:
    return n


@step(retry=Retry(attempts=3), bulkhead=Bulkhead("simulated cells", 1, shared=True))
async def narrow(n: int) -> int:
    return n


@step(retry=Retry(attempts=5), rate=RateLimit("simulated calls", per_second=0.5, burst=2))
async def slow(n: int) -> int:
    return n


@step(retry=Retry(attempts=3), breaker=Breaker("simulated payments", threshold=2, trials=1))
async def fragile(n: int) -> int:
    return n


@step
async def note(n: int) -> int:
    return n


@workflow
async def simulated_child(n: int) -> int:
    charged = await charge(n)
    decision = await approval("clerk", timeout="1 hour")
    return await once(charged) if decision.granted else charged


async def branch(n: int) -> int:
    noted = await note(n)
    decision = await approval("branch", timeout="2 hours", remind="1 hour")
    return await narrow(noted) if decision.granted else 0


@workflow
async def simulated_everything(n: int) -> int:
    total = await charge(n)
    begun = start(note.named("begun")(n))
    try:
        a, b = await parallel(branch(n), checked(total))
        total += a + b
    except TimedOut:
        total += 1
    total += sum(await each(narrow.named("many"), list(range(4)), concurrency=3))
    try:
        paid = await wait_for(Paid, timeout="1 day")
        total += paid.amount
    except TimedOut:
        total += 1
    total += await simulated_child(total)
    await ship(total)
    await slow(total)
    await fragile(total)
    await sleep("3 days")
    for _ in range(2):
        got = await wait_for(Paid, Stop, timeout="5 days")
        if isinstance(got, Stop):
            break
        total += got.amount
    total += await begun + now().year
    decision = await approval("manager", quorum=2)
    if not decision.granted:
        raise Declined(decision.reason)
    return await once(total)


@workflow
async def simulated_purchase(n: int) -> str:
    charged = await charge(n)
    decision = await approval("boss", timeout="1 hour")
    return await ship(charged) if decision.granted else ""


class Stage(StrEnum):
    NEW = "new"
    PAID = "paid"
    SENT = "sent"
    DONE = "done"
    GONE = "gone"


class Basket(BaseModel):
    paid: int = 0
    pings: int = 0


class Pay(Command):
    amount: int


class Send(Command):
    pass


class Ping(Command):
    pass


class Drop(Command):
    pass


@step(retry=Retry(attempts=3))
async def tell(paid: int) -> None: ...


class SimulatedOrder(Lifecycle[Stage, Basket], initial=Stage.NEW, final={Stage.DONE, Stage.GONE}):
    @on(Pay, source=Stage.NEW, target=Stage.PAID)
    def pay(self, basket: Basket, command: Pay) -> Basket:
        return basket.model_copy(update={"paid": command.amount})

    @on(Ping, source=Stage.NEW, target=Stage.NEW)
    def ping(self, basket: Basket, command: Ping) -> Basket:
        return basket.model_copy(update={"pings": basket.pings + 1})

    @after("2 days", source=Stage.NEW, target=Stage.GONE)
    def expire(self, basket: Basket) -> Basket:
        return basket

    @on(Send, source=Stage.PAID, target=Stage.SENT)
    def send(self, basket: Basket, command: Send) -> Basket:
        return basket

    @on(Drop, source=Stage.PAID, target=Stage.GONE)
    def drop(self, basket: Basket, command: Drop) -> Basket:
        return basket

    @after("3 days", source=Stage.SENT, target=Stage.DONE)
    def arrive(self, basket: Basket) -> Basket:
        return basket

    @entering(Stage.PAID)
    def told(self, basket: Basket) -> Effect:
        return tell.effect(basket.paid)


class SimulatedLedger(Lifecycle[Stage, Basket], initial=Stage.NEW, final={Stage.GONE}):
    """One whose second payment breaks what it says of itself."""

    @on(Pay, source=Stage.NEW, target=Stage.PAID)
    def pay(self, basket: Basket, command: Pay) -> Basket:
        return basket.model_copy(update={"pings": 1})

    @on(Pay, source=Stage.PAID, target=Stage.PAID)
    def more(self, basket: Basket, command: Pay) -> Basket:
        return basket.model_copy(update={"pings": basket.pings + 1})

    @after("2 days", source=Stage.PAID, target=Stage.GONE)
    def expire(self, basket: Basket) -> Basket:
        return basket

    @invariant(Stage.PAID)
    def paid_once(self, basket: Basket) -> bool | Refuse:
        return basket.pings <= 1 or Refuse("paid twice")

    @invariant
    def few(self, basket: Basket) -> bool:
        return basket.pings < 100
