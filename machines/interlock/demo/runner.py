"""Running the demo: every order through its checkout, and its lifecycle to where the data says."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from interlock.demo.checkout import APPROVAL_ABOVE, CarrierArrived, checkout
from interlock.demo.errors import DemoError
from interlock.demo.lifecycle import (
    Deliver,
    OrderData,
    OrderLifecycle,
    ReceiveReturn,
    RequestReturn,
)
from interlock.demo.orders import Order, RealOrder, Status, real_orders
from interlock.demo.provider import Provider
from interlock.demo.summary import OnProgress, Progress, Summary, lifecycle_counts, outcome_of
from interlock.demo.watcher import Watcher
from interlock.demo.world import World
from interlock.engine import Engine
from interlock.machines import Command, Refused
from interlock.store.clock import stopwatch
from interlock.store.contract import Store

SEED = 7
"""The seed of the demo unless another is asked for."""

LATENCY = 0.06
"""Longest answer time of the simulated world, in seconds: like calls through a network."""

_AFTERWARDS: dict[Status, tuple[Command, ...]] = {
    Status.COMPLETED: (Deliver(),),
    Status.RETURN_PENDING: (Deliver(), RequestReturn(reason="does not fit")),
    Status.RETURNED: (Deliver(), RequestReturn(reason="does not fit"), ReceiveReturn()),
}
"""What happened to a shipped order until it had the status of the data."""


def world_path(store_url: str) -> str | None:
    """File of the world that belongs to a store: beside it; None for a store in memory."""
    scheme, _, path = store_url.partition(":///")
    if scheme != "sqlite" or not path:
        return None
    file = Path(path).resolve()
    return str(file.with_name(f"{file.stem}-world.db"))


async def run_demo(
    store: str | Store,
    *,
    scale: int = 1,
    limit: int | None = None,
    seed: int = SEED,
    latency: float | None = None,
    in_flight: int = 64,
    progress: OnProgress | None = None,
) -> Summary:
    """Run the orders of the data through their checkouts, as far as they go without people.

    Called again on the same store it goes on where it was stopped, and changes nothing that is
    done.

    Args:
        store: where the log is kept, or an open store; the simulated world is kept beside it.
        scale: the same orders so many times over.
        limit: at most so many of the data.
        seed: of everything that goes wrong, and of the manager's decisions.
        latency: longest answer time of the world in seconds; by default `LATENCY`, and 0 from
            scale 2 on.
        in_flight: orders that are on their way at the same time.
        progress: called with the state of things as it changes.

    Raises:
        DemoError: another process is working on this store, or the store's world has another
            seed.
    """
    wait = latency if latency is not None else (LATENCY if scale == 1 else 0.0)
    async with Engine(store, machines=[checkout, OrderLifecycle]) as engine:
        if not engine.driving:
            url = engine.store.url
            text = f"another process is working on {url}; stop it, or name another store"
            raise DemoError(text)
        path = world_path(engine.store.url)
        with tempfile.TemporaryDirectory() as folder:
            path = path or f"{folder}/world.db"
            if await engine.store.position() == 0:
                World.remove(path)  # left behind by a store that was deleted
            world = World.create(path, seed=seed, latency=wait)
            reals = real_orders(path, scale=scale, limit=limit)
            try:
                return await _Demo(engine, world, reals, in_flight, progress).run()
            finally:
                World.close(path)


class _Demo:
    """One call of `run_demo`."""

    def __init__(
        self,
        engine: Engine,
        world: World,
        reals: Sequence[RealOrder],
        in_flight: int,
        progress: OnProgress | None,
    ) -> None:
        self._engine = engine
        self._world = world
        self._reals = reals
        self._slots = asyncio.Semaphore(in_flight)
        self._progress = progress
        self._watcher = Watcher(engine.store, self._recorded)
        self._reported = 0
        self._counts: Counter[str] = Counter()
        self._answers = answers(world, [real.order for real in reals])

    async def run(self) -> Summary:
        """All orders, as far as they go."""
        began = stopwatch()
        self._report()
        try:
            async with asyncio.TaskGroup() as group:
                for real in self._reals:
                    await self._slots.acquire()
                    group.create_task(self._one(real))
        except ExceptionGroup as failed:  # the others were stopped because of the first
            raise failed.exceptions[0] from failed
        await self._engine.settle()
        return await self._summary(stopwatch() - began)

    async def _one(self, real: RealOrder) -> None:
        try:
            await self._take(real)
            outcome = await outcome_of(self._engine.store, real)
        finally:
            self._slots.release()
        self._counts[outcome.verdict] += 1
        self._report()

    async def _take(self, real: RealOrder) -> None:
        """One order: start, give it its commands, answer its approval, see it off.

        Where a command is refused, somebody else was faster: their answer stands.
        """
        engine, order = self._engine, real.order
        await engine.start(OrderLifecycle, OrderData(order=order), id=order.lifecycle)
        await engine.start(checkout, order, id=order.id)
        entry = await self._watcher.stopped(order.id)
        if entry.waits == "approval" and await self._answer(order):
            entry = await self._watcher.stopped(order.id)
        if entry.waits == "command" and real.status is not Status.PLACED:
            arrived = CarrierArrived(carrier="Royal Jaffle Mail")
            with suppress(Refused):
                await engine.send(order.id, arrived, by="carrier", command_id=f"{order.id}:carrier")
            entry = await self._watcher.stopped(order.id)
        if entry.status == "completed":
            await self._afterwards(real)

    async def _answer(self, order: Order) -> bool:
        """Decide as the manager, if the manager is there. Whether a decision was made."""
        answer = self._answers[order.id]
        decide, words = self._engine.approve, "a regular customer"
        if answer == "reject":
            decide, words = self._engine.reject, "too much for a first order"
        if answer == "leave":
            return False
        command = f"{order.id}:manager"
        with suppress(Refused):
            await decide(order.id, "manager", by="demo", reason=words, command_id=command)
        return True

    async def _afterwards(self, real: RealOrder) -> None:
        for command in _AFTERWARDS.get(real.status, ()):
            run = real.order.lifecycle
            name = f"{run}:{type(command).__name__}"
            with suppress(Refused):
                await self._engine.send(run, command, by="data", command_id=name)

    def _recorded(self) -> None:
        """Report now and then, also between the ends of orders."""
        if self._watcher.events - self._reported >= max(5, len(self._reals) // 20):
            self._report()

    def _report(self) -> None:
        self._reported = self._watcher.events
        if self._progress is not None:
            watcher, total = self._watcher, len(self._reals)
            self._progress(
                Progress(
                    total, self._counts.total(), watcher.events, watcher.steps, dict(self._counts)
                )
            )

    async def _summary(self, seconds: float) -> Summary:
        states, matching = await lifecycle_counts(
            self._engine.store, self._reals, OrderLifecycle.name
        )
        book = Provider(self._world).book()
        return Summary(
            orders=len(self._reals),
            verdicts=dict(self._counts.most_common()),
            lifecycles=states,
            as_in_data=matching,
            steps=self._watcher.steps,
            events=self._watcher.events,
            seconds=seconds,
            charges=len(book.charges),
            refunds=len(book.refunds),
            repeated=book.repeated,
            doubled=len(book.doubled),
            store=self._engine.store.url,
        )


def answers(world: World, orders: Iterable[Order]) -> dict[str, str]:
    """The manager's answer for each large order: most are granted, some rejected, some left."""
    large = [order.id for order in orders if order.total > APPROVAL_ABOVE]
    drawn = sorted(large, key=lambda order: world.draw("manager", order))
    plan = ("grant", "reject", "grant", "leave", "grant", "grant")
    return {order: plan[place % len(plan)] for place, order in enumerate(drawn)}
