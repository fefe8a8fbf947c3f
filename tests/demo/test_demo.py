"""The whole demo, on a file: where orders end, what is left waiting, and what a rerun changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from interlock.demo.errors import DemoError
from interlock.demo.kill import undisturbed
from interlock.demo.lifecycle import RequestReturn
from interlock.demo.orders import real_orders
from interlock.demo.proof import prove
from interlock.demo.runner import answers, run_demo, world_path
from interlock.demo.summary import Progress, outcome_of
from interlock.demo.world import World
from interlock.engine import Engine
from interlock.store import open_store


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/demo.db"


async def test_every_order_ends_where_it_should(url: str) -> None:
    seen: list[Progress] = []
    summary = await run_demo(url, latency=0, progress=seen.append)
    assert (
        summary.orders == sum(summary.verdicts.values()) == sum(summary.lifecycles.values()) == 99
    )
    assert set(summary.verdicts) == {
        "completed", "declined", "rejected", "failed", "waits for approval",
        "waits for the carrier",
    }  # fmt: skip
    assert summary.doubled == 0
    assert (summary.repeated, summary.refunds) > (0, 0)
    assert seen[-1].done == seen[-1].total == 99
    assert [p.events for p in seen] == sorted(p.events for p in seen)
    assert seen[-1].counts == summary.verdicts
    cancelled = sum(summary.verdicts[v] for v in ("declined", "rejected", "failed"))
    assert summary.lifecycles["cancelled"] == cancelled
    # What ended as in the data: all but the cancelled, and the approved-to-be that never shipped.
    assert summary.as_in_data >= 99 - cancelled - summary.verdicts["waits for approval"]


async def test_the_log_agrees_with_the_world(url: str) -> None:
    await run_demo(url, latency=0, limit=40)
    path = world_path(url)
    assert path is not None
    reals = real_orders(path, limit=40)
    store = open_store(url, readonly=True)
    proof = await prove(store, World.at(path), reals, await undisturbed(limit=40))
    World.close(path)
    await store.close()
    assert [check for check in proof.checks if not check.holds] == []
    assert proof.holds
    assert proof.runs == 80


async def test_a_second_call_changes_nothing(url: str) -> None:
    first = await run_demo(url, latency=0, limit=25)
    second = await run_demo(url, latency=0, limit=25)
    assert (second.steps, second.events) == (0, 0)
    alike = dataclasses.replace(
        second, steps=first.steps, events=first.events, seconds=first.seconds
    )
    assert alike == first


async def test_what_is_left_pending_can_be_approved_later(url: str) -> None:
    await run_demo(url, latency=0)
    async with Engine(url) as engine:
        pending = await engine.approvals()
        assert len(pending) >= 1
        order = pending[0].run
        await engine.approve(order, "manager", by="ann", reason="why not")
        await engine.settle()
        run = await engine.get(order)
        assert await run.state() == "wait:CarrierArrived"


async def test_what_people_did_meanwhile_stands(url: str) -> None:
    await run_demo(url, latency=0, limit=5)
    async with Engine(url) as engine:
        for entry in await engine.runs(machine="demo-order", state="completed"):
            await engine.send(entry.run, RequestReturn(reason="too small"), by="ann")
    again = await run_demo(url, latency=0, limit=5)
    assert set(again.lifecycles) == {"return_pending", "returned"}


async def test_scale_repeats_the_orders_under_other_ids(url: str) -> None:
    summary = await run_demo(url, scale=3, limit=10)
    assert summary.orders == 30
    assert summary.events_per_second > summary.steps_per_second > 0
    async with Engine(url, worker=False) as engine:
        ids = {entry.run for entry in await engine.runs(machine="demo-checkout")}
    assert {"order-1", "order-1.2", "order-1.3", "order-10.3"} <= ids


async def test_a_deleted_store_gets_a_new_world(url: str, tmp_path: Path) -> None:
    first = await run_demo(url, latency=0, limit=10)
    (tmp_path / "demo.db").unlink()
    again = await run_demo(url, latency=0, limit=10, seed=8)
    assert (first.doubled, again.doubled) == (0, 0)
    assert again.charges <= first.orders * 2


async def test_another_seed_on_the_same_store_is_refused(url: str) -> None:
    await run_demo(url, latency=0, limit=3)
    with pytest.raises(DemoError, match="seed 7"):
        await run_demo(url, latency=0, limit=3, seed=8)


async def test_a_store_that_another_engine_drives_is_refused(url: str) -> None:
    async with Engine(url):
        with pytest.raises(DemoError, match="another process"):
            await run_demo(url, limit=3)


async def test_outcomes_follow_from_the_seed_alone() -> None:
    assert await undisturbed(limit=30) == await undisturbed(limit=30)
    assert await undisturbed(limit=99) != await undisturbed(limit=99, seed=8)


async def test_an_order_that_was_never_started_is_missing() -> None:
    store = open_store("memory://")
    (real,) = real_orders("", limit=1)
    assert (await outcome_of(store, real)).verdict == "missing"
    await store.close()


def test_the_manager_grants_most_rejects_some_and_leaves_some(tmp_path: Path) -> None:
    path = str(tmp_path / "world.db")
    world = World.create(path, seed=3)
    given = list(answers(world, [real.order for real in real_orders("")]).values())
    World.close(path)
    assert given.count("grant") > given.count("reject") >= 1
    assert given.count("leave") >= 1
