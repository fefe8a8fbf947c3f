"""Forks: where they begin, what they are given, what they ask, and what both histories say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from engine import shop
from interlock.engine import Engine, InputMismatch, Run
from interlock.machines import Refused
from interlock.projections import NoSuchVariable, NotOfThatType, RunState
from interlock.store.backends.memory import MemoryStore
from interlock.store.forking import ForkMade, RunForked


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    shop.CALLS.clear()
    shop.SCRIPT.clear()
    async with Engine(MemoryStore(), machines=[shop.checkout]) as opened:
        yield opened


async def bought(engine: Engine, total: int = 2000) -> Run[Any]:
    """An order that went through, as `run`; what was called for it is forgotten."""
    order = shop.Order(id=1, total=Decimal(total), items=["tea"])
    run = await engine.start(shop.checkout, order, id="run")
    await engine.settle()
    await engine.approve(run, "manager", by="ann")
    await run.wait()
    shop.CALLS.clear()
    return run


async def state(engine: Engine, run: Run[Any]) -> RunState:
    await engine.settle()
    return await run.snapshot()


def asked(known: RunState) -> dict[str, str]:
    """The calls that a fork asks about, and why."""
    return {a.name: a.asked for a in known.pending.values() if a.status == "asked"}


async def test_a_fork_is_given_everything_that_was_recorded(engine: Engine) -> None:
    run = await bought(engine)
    length = len(await run.history())
    for version in range(1, length + 1):
        fork = await engine.fork(run, version, by="bo")
        assert fork.id == f"run.fork-{version}"
        assert (await state(engine, fork)).status == "completed"
        assert await fork.result() == await run.result()
    assert not shop.CALLS
    assert (await run.snapshot()).forks == [f"run.fork-{v}" for v in range(1, length + 1)]


async def test_both_histories_tell_of_it(engine: Engine) -> None:
    run = await bought(engine)
    fork = await engine.fork(run, 4, id="try", set={"order.total": 900}, by="bo")
    last = (await run.history()).events[-1]
    assert last.body == ForkMade("try", 4, "recorded", ["order.total"])
    assert last.actor.id == "bo"
    assert last.state == "completed"
    made = (await fork.history()).events[4]
    assert isinstance(made.body, RunForked)
    assert (made.body.parent, made.body.version, made.actor.id) == ("run", 4, "bo")
    (change,) = made.body.changes
    assert (change.path, change.before, change.after) == ("order.total", "2000", "900")
    (await run.history()).verify()
    (await fork.history()).verify()


async def test_the_same_fork_again_is_that_fork(engine: Engine) -> None:
    run = await bought(engine)
    await engine.fork(run, 4, id="try", set={"order.total": 900})
    fork = await engine.fork(run, 4, id="try", set={"order.total": 900})
    assert [e.type for e in (await run.history()).events].count("ForkMade") == 1
    assert [e.type for e in (await fork.history()).events].count("RunForked") == 1
    for version, total in ((5, 900), (4, 800)):
        with pytest.raises(InputMismatch, match="try"):
            await engine.fork(run, version, id="try", set={"order.total": total})
    with pytest.raises(InputMismatch, match="started"):
        await engine.fork(run, 4, id="run")


async def test_what_is_not_recorded_is_asked_about(engine: Engine) -> None:
    run = await bought(engine)
    fork = await engine.fork(run, 4, set={"order.total": 1900})
    await engine.settle()
    entry = await engine.store.entry(fork.id)
    assert entry is not None
    assert entry.waits == "approval"
    await engine.approve(fork, "manager", by="bo")  # it is about other facts than ann's
    known = await state(engine, fork)
    assert asked(known) == {"ship": 'run made it with other input, and recorded: "tracking 1"'}
    assert known.status == "waiting"
    entry = await engine.store.entry(fork.id)
    assert entry is not None
    assert (entry.waits, entry.waits_for) == ("person", "answer ship")
    assert not shop.CALLS
    await engine.answer(fork, "ship", "value", "by hand", by="bo", reason="so")
    known = await state(engine, fork)
    assert known.status == "completed"
    assert (await fork.result()).tracking == "by hand"
    assert not shop.CALLS


async def test_each_answer_is_what_it_says(engine: Engine) -> None:
    run = await bought(engine)
    for how, value, expected in (
        ("recorded", None, "tracking 1"),
        ("live", None, "tracking 1"),
        ("value", "mine", "mine"),
    ):
        fork = await engine.fork(run, 8, effects="ask")
        assert list(asked(await state(engine, fork))) == ["ship"]
        await engine.answer(fork, "ship", how, value, by="bo")  # type: ignore[arg-type]  # one of them
        await engine.settle()
        assert (await fork.result()).tracking == expected
        assert (["ship(1)"] if how == "live" else []) == shop.CALLS
        shop.CALLS.clear()
    fork = await engine.fork(run, 8, effects="ask")
    await engine.settle()
    await engine.answer(fork, "ship", "error", shop.Declined("no"), by="bo")
    known = await state(engine, fork)
    why = "it would undo what run did; run made no such call"
    assert asked(known) == {"refund": why}
    assert known.status == "waiting"
    await engine.answer(fork, "undo charge", "value", by="bo")
    await engine.settle()
    await engine.answer(fork, "undo reserve", "value", by="bo")
    known = await state(engine, fork)
    assert known.status == "compensated"
    effects = {e.step: (e.status, e.note) for e in (await fork.history()).ledger()}
    assert effects["charge"] == ("compensated", "as bo said; nothing was called")
    assert effects["refund"] == ("reused", "given by bo")
    assert known.error is not None
    assert known.error.type == "Declined"
    assert not shop.CALLS


async def test_only_what_is_asked_about_can_be_answered(engine: Engine) -> None:
    run = await bought(engine)
    with pytest.raises(Refused, match="no fork"):
        await engine.answer(run, "ship", "live")
    fork = await engine.fork(run, 8, effects="ask")
    await engine.settle()
    with pytest.raises(Refused, match="it asks about: ship"):
        await engine.answer(fork, "charge", "live")
    with pytest.raises(Refused, match="no answer"):
        await engine.answer(fork, "ship", "perhaps")  # type: ignore[arg-type]  # that is the point


async def test_a_live_fork_calls_under_keys_of_its_own(engine: Engine) -> None:
    run = await bought(engine)
    fork = await engine.fork(run, 4, effects="live")
    known = await state(engine, fork)
    assert shop.CALLS == ["charge(1, '2000')"]
    assert [e.key for e in (await fork.history()).ledger()][1:] == [f"{fork.id}/charge#2"]
    await engine.reject(fork, "manager", by="bo")
    known = await state(engine, fork)
    assert shop.CALLS[1:] == ["refund('payment of 2000', 1)"]
    assert asked(known) == {"release": "it would undo what run did"}


async def test_a_live_fork_does_not_repeat_what_was_over_at_its_instant(engine: Engine) -> None:
    run = await bought(engine)
    fork = await engine.fork(run, 5, effects="live")  # the charge had returned
    known = await state(engine, fork)
    assert known.state == "approval:manager"
    assert not shop.CALLS


async def test_variables_are_checked_against_what_is_recorded(engine: Engine) -> None:
    run = await bought(engine)
    for path in ("order.totl", "ordr.total", "order.items[3]", "order.items[0].x", "", "a..b"):
        with pytest.raises(NoSuchVariable):
            await engine.fork(run, 4, set={path: 1})
    with pytest.raises(NoSuchVariable, match="an Order has id, total, items"):
        await engine.fork(run, 4, set={"order.totl": 1})
    wrong: dict[str, object] = {
        "order.id": "1", "order.total": "much", "order": {}, "order.items": "tea",
        "order.items[0]": 7, "receipt.tracking": None,
    }  # fmt: skip
    for path, value in wrong.items():
        with pytest.raises(NotOfThatType):
            await engine.fork(run, 4, set={path: value})
    assert len(await engine.runs()) == 1
    changes = {"order.id": 7, "order.total": Decimal("9.50"), "order.items": ["a", "b" * 99]}
    fork = await engine.fork(run, 4, set=changes)
    await engine.settle()
    order = await fork.read("order", shop.Order, at=5)
    assert order == shop.Order(id=7, total=Decimal("9.50"), items=["a", "b" * 99])
    with pytest.raises(NoSuchVariable, match="there are none"):
        await engine.fork(run, set={"order.id": 7})


async def test_the_input_can_be_changed_before_anything_happens(engine: Engine) -> None:
    run = await bought(engine)
    fork = await engine.fork(run, 1, set={"order.items": ["tea", "milk"]})
    known = await state(engine, fork)
    why = 'run made it with other input, and recorded: ["tea reserved"]'
    assert asked(known) == {"reserve": why}


async def test_retries_and_errors_are_given_as_recorded(engine: Engine) -> None:
    shop.SCRIPT.update(charge=[OSError("reset"), shop.Declined("no")])
    order = shop.Order(id=1, total=Decimal(20), items=["tea"])
    run = await engine.start(shop.checkout, order, id="run")
    parent = await run.wait()
    shop.CALLS.clear()
    fork = await engine.fork(run, 2)
    known = await state(engine, fork)
    assert known.status == parent.status == "compensated"
    failed = [e.body for e in (await fork.history()).events if e.type == "StepFailed"]
    assert [(b.attempt, b.error.message) for b in failed] == [(1, "reset"), (2, "no")]  # type: ignore[attr-defined]  # of this type
    assert not shop.CALLS


async def test_a_fork_of_a_fork_is_given_what_either_recorded(engine: Engine) -> None:
    run = await bought(engine)
    first = await engine.fork(run, 4, effects="ask")
    await engine.settle()
    second = await engine.fork(first)
    known = await state(engine, second)
    assert known.status == "completed"
    assert await second.result() == await run.result()
    assert known.fork is not None
    assert known.fork.parent == first.id
    assert not shop.CALLS


async def test_a_fork_is_found_when_the_engine_comes_back() -> None:
    store = MemoryStore()
    shop.SCRIPT.clear()
    async with Engine(store, machines=[shop.checkout]) as engine:
        await bought(engine)
    async with Engine(store, worker=False) as client:
        fork = await client.fork("run", 6)  # nobody drives it
        assert (await fork.snapshot()).state == "approval:manager"
    async with Engine(store, machines=[shop.checkout]) as engine:
        await engine.tick()
        fork = await engine.get(fork.id)
        assert (await state(engine, fork)).status == "completed"
        assert not await store.timers(fork.id)
    assert not shop.CALLS


async def test_a_fork_is_given_up_and_nothing_is_undone(engine: Engine) -> None:
    run = await bought(engine)
    asks = await engine.fork(run, 8, effects="ask", id="asks")
    await engine.settle()
    await engine.discard(asks, by="bo", reason="seen enough")
    known = await state(engine, asks)
    assert (known.status, known.cancel) == ("cancelled", "discarded: seen enough")
    assert not known.pending
    effects = [(e.step, e.status) for e in (await asks.history()).ledger()]
    assert effects == [("reserve", "confirmed"), ("charge", "confirmed"), ("ship", "cancelled")]
    assert not await engine.store.timers("asks")
    with pytest.raises(Refused, match="cancelled already"):
        await engine.discard(asks)
    with pytest.raises(Refused, match="no fork"):
        await engine.discard(run)

    undoing = await engine.fork(run, 8, effects="ask", id="undoing")
    await engine.settle()
    await engine.cancel(undoing)
    assert asked(await state(engine, undoing))
    await engine.discard(undoing)
    assert (await state(engine, undoing)).status == "cancelled"
    assert not shop.CALLS


async def test_a_fork_that_made_calls_of_its_own_is_cancelled_instead(engine: Engine) -> None:
    run = await bought(engine)
    live = await engine.fork(run, 4, effects="live")
    await state(engine, live)
    with pytest.raises(Refused, match=r"calls of its own \(charge\): cancel it"):
        await engine.discard(live)
    asks = await engine.fork(run, 4, effects="ask")
    await engine.settle()
    await engine.answer(asks, "charge", "live")
    await state(engine, asks)
    with pytest.raises(Refused, match=r"calls of its own \(charge\)"):
        await engine.discard(asks)
    later = await engine.fork(run, 5, effects="live")  # the charge was its parent's
    await state(engine, later)
    shop.CALLS.clear()
    await engine.discard(later)
    assert (await state(engine, later)).status == "cancelled"
    assert not shop.CALLS
