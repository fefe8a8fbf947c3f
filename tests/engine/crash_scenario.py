"""A scenario that can be killed anywhere: run as a program, it forks one child for each job.

A job is a line `database world point visit` on standard input: the child arms that crash point
(`-` for none), opens the database and brings every run to its end, whatever state it finds. The
answer is a line: `done`, or the signal that killed the child.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import Callable, Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from interlock.engine import Engine, NotInDoubt
from interlock.machines import (
    Command,
    DidNotHappen,
    Happened,
    Refused,
    Retry,
    approval,
    current,
    each,
    parallel,
    race,
    settle,
    sleep,
    start,
    start_child,
    step,
    wait_for,
    workflow,
)
from interlock.projections import fold
from interlock.store import crash
from interlock.store.contract import FINISHED

_world = Path()

Play: TypeAlias = Callable[[str], Coroutine[Any, Any, None]]
"""Brings the runs of a database to their ends."""


class World:
    """The outside: remembers every request durably, and makes one effect for each key."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("create table if not exists request (key text, what text)")

    def ask(self, key: str, what: str) -> int:
        """Record a request; how many of this key there were before."""
        before = self.count(key)
        self._db.execute("insert into request values (?, ?)", (key, what))
        return before

    def count(self, key: str) -> int:
        row = self._db.execute("select count(*) from request where key = ?", (key,)).fetchone()
        return int(row[0])

    def requests(self) -> dict[str, int]:
        rows = self._db.execute("select key, count(*) from request group by key order by key")
        return {str(key): int(n) for key, n in rows}

    def close(self) -> None:
        self._db.close()


def ask(what: str) -> int:
    world = World(_world)
    try:
        return world.ask(current().key, what)
    finally:
        world.close()


class Paid(Command):
    amount: Decimal


class NoTruck(Exception):
    pass


async def refund(payment: dict[str, object]) -> None:
    ask(f"refund {payment['amount']}")


@step(compensate=refund, retry=Retry(attempts=4, initial="1 ms", jitter=0))
async def charge(amount: int) -> dict[str, object]:
    if ask(f"charge {amount}") == 0 and amount % 2:
        raise OSError("the first request of an odd amount is lost")
    return {"amount": amount, "by": ["card"]}


async def wired(amount: int) -> Happened[str] | DidNotHappen:
    world = World(_world)
    try:
        return Happened(f"sent {amount}") if world.count(current().key) else DidNotHappen()
    finally:
        world.close()


@step(on_crash="hold")
async def wire(amount: int) -> str:
    ask(f"wire {amount}")
    return f"wired {amount}"


@step(verify=wired)
async def post(amount: int) -> str:
    ask(f"post {amount}")
    return f"sent {amount}"


@step(raises=(NoTruck,))
async def ship(ok: bool) -> str:
    ask("ship")
    if not ok:
        raise NoTruck("none is left")
    return "shipped"


@workflow
async def paying(amounts: list[int], ok: bool) -> list[object]:
    done: list[object] = []
    for amount in amounts:
        done.append(await charge(amount))  # noqa: PERF401  the list grows by patches
    decision = await approval("manager", about=done)
    done.append(decision.granted)
    await sleep("5 ms")
    done.append(await ship(ok))
    return done


@workflow
async def careful(amount: int) -> list[str]:
    first = await wire(amount)
    paid = await wait_for(Paid, where=lambda p: p.amount > 5)
    second = await post(int(paid.amount))
    return [first, second]


@workflow
async def charging(amount: int) -> int:
    made = await charge(amount)
    await sleep("2 ms")
    return amount + len(made)


async def visiting(amount: int) -> list[object]:
    said = await post(amount)
    decision = await approval("visitor", about=said)
    paid = await charge(amount)
    return [said, decision.granted, paid]


@workflow
async def spreading_out(amounts: list[int], ok: bool) -> list[object]:
    kid = start_child(charging, 5)
    begun = start(charge.named("begun")(3))
    visits = await parallel(visiting(1), visiting(2))
    paid = await each(charge, amounts, concurrency=2)
    won = await race(post.named("posted")(9), wait_for(Paid), sleep("1 hour"))
    start(sleep("1 day"))
    rest = await settle(charging(7), begun, kid, ship.named("maybe")(False))
    await ship(ok)
    return [*visits, paid, won.name, [type(one).__name__ for one in rest]]


RUNS = (
    "paying-1", "paying-2", "careful-1", "spreading-1", "spreading-2",
    "spreading-1/charging#1", "spreading-2/charging#1",
)  # fmt: skip


async def scenario(database: str) -> None:
    """Start what is not started, decide what waits, and return when every run has ended."""
    async with Engine(f"sqlite:///{database}", machines=[paying, careful, spreading_out]) as engine:
        await engine.start(paying, [1, 2], True, id="paying-1")
        await engine.start(paying, [4], False, id="paying-2")
        await engine.start(careful, 7, id="careful-1")
        await engine.start(spreading_out, [1, 2, 3], True, id="spreading-1")
        await engine.start(spreading_out, [4], False, id="spreading-2")
        await engine.send("careful-1", Paid(amount=Decimal(3)), command_id="few")
        while True:
            entries = {e.run: e for e in await engine.runs()}
            if all(e.status in FINISHED for e in entries.values()):
                return
            await nudge(engine)
            await asyncio.sleep(0.002)


async def nudge(engine: Engine) -> None:
    """Do what people would do: decide, pay, and find out about what is in doubt."""
    for pending in await engine.approvals():
        try:
            await engine.approve(pending.run, pending.activity, by="ann", reason="fine")
        except Refused:
            continue
    careful_1 = await engine.store.entry("careful-1")
    if careful_1 is not None and careful_1.waits == "command":
        try:
            await engine.send("careful-1", Paid(amount=Decimal(9)), command_id="enough")
        except Refused:
            return
    for run in RUNS:
        await find_out(engine, run)


async def find_out(engine: Engine, run: str) -> None:
    """Resolve what is in doubt: a wire, and calls whose process died too often under them."""
    events = await engine.store.read(run)
    pending = fold(events).pending.values() if events else ()
    for activity in [a for a in pending if a.status == "in doubt"]:
        happened: bool | None = None  # call it again, under the same key
        if activity.hold:
            world = World(_world)
            happened = activity.key in world.requests()
            world.close()
        result = "wired 7" if happened else None
        try:
            await engine.resolve(run, activity.id, happened=happened, result=result, by="ann")
        except NotInDoubt:
            return


def job(database: str, world: str, point: str, visit: str, play: Play = scenario) -> str:
    """Run a scenario in a child; how it ended."""
    child = os.fork()
    if child == 0:
        global _world  # noqa: PLW0603  the child's only
        _world = Path(world)
        if point != "-":
            crash.arm(point, int(visit))
        code = 1
        try:
            asyncio.run(play(database))
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return "done" if os.WEXITSTATUS(status) == 0 else "failed"


if __name__ == "__main__":
    for line in sys.stdin:
        database_, world_, point_, visit_ = line.split()
        print(job(database_, world_, point_, visit_), flush=True)
