"""Runs from start to end, on both stores."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine import shop
from engine.shop import CALLS, SCRIPT, Declined, Order, Paid, Receipt
from interlock.engine import (
    BadInput,
    BadRunId,
    Engine,
    InputMismatch,
    RunCancelledError,
    UnknownRun,
)
from interlock.machines import Refused, TimedOut
from interlock.store.backends.memory import MemoryStore
from interlock.store.contract import Definition

SMALL = Order(id=1, total=Decimal(20), items=["tea"])
LARGE = Order(id=2, total=Decimal(2000), items=["car"])


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    CALLS.clear()
    SCRIPT.clear()
    yield
    CALLS.clear()
    SCRIPT.clear()


@pytest.fixture(params=["memory", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/runs.db"


async def test_a_run_returns_what_the_workflow_returned(url: str) -> None:
    async with Engine(url) as engine:
        run = await engine.start(shop.checkout, SMALL, id="order-1")
        assert await run.result() == Receipt(1, ["payment of 20"], "tracking 1")
        assert await run.state() == "completed"
    assert CALLS == ["reserve(['tea'])", "charge(1, '20')", "ship(1)"]


async def test_starting_again_with_the_same_input_is_the_same_run(url: str) -> None:
    async with Engine(url) as engine:
        first = await engine.start(shop.checkout, SMALL, id="order-1")
        again = await engine.start(shop.checkout, order=SMALL.model_copy(), id="order-1")
        assert await first.result() == await again.result()
        with pytest.raises(InputMismatch, match="other input"):
            await engine.start(shop.checkout, LARGE, id="order-1")
        with pytest.raises(InputMismatch, match="checkout"):
            await engine.start(shop.napping, "ann", id="order-1")
    assert CALLS.count("charge(1, '20')") == 1


async def test_a_result_is_told_while_the_same_is_started_again(url: str) -> None:
    async with Engine(url) as engine:
        run = await engine.start(shop.checkout, SMALL, id="order-1")
        told = await run.result()
        await engine.settle()
        again = asyncio.create_task(engine.start(shop.checkout, SMALL, id="order-1"))
        await asyncio.sleep(0)  # it has decided to begin a new run, and finds out that there is one
        assert await asyncio.wait_for(run.result(), 30) == told
        assert await (await again).result() == told


async def test_wrong_input_starts_nothing(url: str) -> None:
    async with Engine(url) as engine:
        with pytest.raises(BadInput, match="order"):
            await engine.start(shop.checkout, id="order-1")
        with pytest.raises(BadInput, match="order is a dict, and has to be a Order"):
            await engine.start(shop.checkout, {"id": 1}, id="order-1")
        with pytest.raises(BadRunId):
            await engine.start(shop.napping, "ann", id="")
        with pytest.raises(UnknownRun):
            await engine.get("order-1")
        assert await engine.runs() == []


async def test_an_approval_parks_the_run_until_it_is_granted(url: str) -> None:
    async with Engine(url) as engine:
        run = await engine.start(shop.checkout, LARGE, id="order-2")
        await engine.settle()
        assert await run.state() == "approval:manager"
        (pending,) = await engine.approvals()
        assert (pending.run, pending.name) == ("order-2", "manager")
        assert pending.about == {"id": 2, "total": "2000", "items": ["car"]}
        assert len(engine.sessions) == 0
        with pytest.raises(Refused, match="no approval 'boss' is pending"):
            await engine.approve(run, "boss", by="ann")
        await engine.approve(run, "manager", by="ann", reason="good customer")
        assert (await run.result()).tracking == "tracking 2"
        with pytest.raises(Refused, match="already granted by ann"):
            await engine.reject(run, "manager", by="bob")


async def test_a_rejection_is_an_answer_and_undoes_in_reverse(url: str) -> None:
    async with Engine(url) as engine:
        run = await engine.start(shop.checkout, LARGE, id="order-2")
        await engine.settle()
        await engine.reject(run, "manager", by="ann", reason="no")
        with pytest.raises(ValueError, match="rejected by ann: no"):
            await run.result()
        assert await run.status() == "compensated"
        ledger = {e.activity: e.status for e in (await run.history()).ledger()}
    assert CALLS[-2:] == ["refund('payment of 2000', 2)", "release(['car reserved'])"]
    assert ledger["charge#2"] == ledger["reserve#1"] == "compensated"


async def test_a_domain_error_reaches_the_workflow_and_is_not_retried(url: str) -> None:
    SCRIPT["charge"] = [Declined("no money")]
    async with Engine(url) as engine:
        run = await engine.start(shop.checkout, SMALL, id="order-1")
        with pytest.raises(Declined, match="no money"):
            await run.result()
        assert await run.status() == "compensated"
    assert CALLS == [
        "reserve(['tea'])",
        "charge(1, '20')",
        "notify('declined: no money')",
        "release(['tea reserved'])",
    ]


async def test_other_errors_are_retried_with_the_same_key(url: str) -> None:
    SCRIPT["charge"] = [OSError("reset"), OSError("reset")]
    async with Engine(url) as engine:
        run = await engine.start(shop.checkout, SMALL, id="order-1")
        assert (await run.result()).payments == ["payment of 20"]
        (effect,) = [e for e in (await run.history()).ledger() if e.step == "charge"]
        assert (effect.attempts, effect.status) == (3, "confirmed")
    assert CALLS.count("charge(1, '20')") == 3


async def test_retries_end(url: str) -> None:
    SCRIPT["charge"] = [OSError(f"reset {i}") for i in range(3)]
    async with Engine(url) as engine:
        run = await engine.start(shop.checkout, SMALL, id="order-1")
        with pytest.raises(OSError, match="reset 2"):
            await run.result()


async def test_a_step_that_takes_too_long_times_out(url: str) -> None:
    SCRIPT["ship slowly"] = [True]
    async with Engine(url) as engine:
        run = await engine.start(shop.checkout, SMALL, id="order-1")
        with pytest.raises(TimedOut, match="ship took longer"):
            await run.result()


async def test_a_command_that_comes_early_is_not_lost_and_where_decides(url: str) -> None:
    async with Engine(url) as engine:
        run = await engine.start(shop.waiting, Decimal(10), id="w")
        await engine.send(run, Paid(amount=Decimal(3)))
        await engine.settle()
        assert await run.state() == "wait:Paid"
        await engine.send(run, Paid(amount=Decimal(30), note="thanks"), command_id="c-1")
        await engine.send(run, Paid(amount=Decimal(30), note="thanks"), command_id="c-1")
        assert await run.result() == "thanks"
        received = [e for e in (await run.history()).events if e.type == "CommandReceived"]
        assert len(received) == 2
        with pytest.raises(Refused, match="completed"):
            await engine.send(run, Paid(amount=Decimal(1)))


async def test_a_run_that_waits_for_nothing_refuses_commands(url: str) -> None:
    async with Engine(url) as engine:
        run = await engine.start(shop.checkout, LARGE, id="order-2")
        with pytest.raises(Refused, match="waits for no commands"):
            await engine.send(run, Paid(amount=Decimal(1)))


async def test_cancellation_interrupts_cleans_up_and_undoes(url: str) -> None:
    async with Engine(url) as engine:
        run = await engine.start(shop.cancellable, SMALL, id="order-1")
        while "forever()" not in CALLS:  # noqa: ASYNC110  the step tells nobody else
            await asyncio.sleep(0.001)
        await engine.cancel(run, by="ann", reason="changed my mind")
        with pytest.raises(RunCancelledError, match="changed my mind"):
            await run.result()
        assert await run.status() == "cancelled"
        with pytest.raises(Refused, match="cannot be cancelled any more"):
            await engine.cancel(run)
    assert CALLS[-3:] == ["forever()", "notify('cleaning up')", "refund('payment of 20', 1)"]


async def test_many_parked_runs_hold_no_memory(url: str) -> None:
    async with Engine(url) as engine:
        for i in range(50):
            await engine.start(shop.checkout, LARGE, id=f"order-{i}")
        await engine.settle()
        assert len(engine.sessions) == 0
        assert len(await engine.approvals()) == 50


class _Counting(MemoryStore):
    """Says how often a definition was given to it."""

    defined = 0

    async def define(self, definition: Definition) -> None:
        self.defined += 1
        await asyncio.sleep(0)  # the others come meanwhile
        await super().define(definition)


async def test_those_that_start_at_once_store_their_definition_once() -> None:
    store = _Counting()
    async with Engine(store) as engine:
        runs = await asyncio.gather(
            *(engine.start(shop.checkout, SMALL, id=f"o{n}") for n in range(5))
        )
        await asyncio.gather(*(run.result() for run in runs))
    assert store.defined == 1
