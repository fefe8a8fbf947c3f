"""Coverage of machines: what is counted, in scenarios, engines and stores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.engine import Engine
from interlock.machines import Command, Refused, TimedOut
from interlock.machines.ir import Machine
from interlock.store.backends.memory import MemoryStore
from interlock.store.errors import InterlockError
from interlock.store.open import open_store
from interlock.testing import Environment, Scenario, Script, VirtualClock
from interlock.testing.coverage import (
    Report,
    Tally,
    dot_picture,
    items_of,
    mermaid_picture,
    production,
)
from interlock.testing.coverage.live import Collector
from interlock.testing.coverage.tally import dump, load
from sample_orders import Add, Cancel, OrderData, OrderLifecycle, Pay, Return, Ship, Submit
from testing.random_runs import ACTS, STARTS, Outside, scripts
from testing.store_front import Basket, Declined, Payment, pack, pay, post, refund, selling

SMALL = Basket(total=Decimal(12), items=["tea"])
LARGE = Basket(total=Decimal(900), items=["car"])
PAID = Payment(id="p1", amount=Decimal(12))
COMMANDS: list[Command] = [
    Add(item="a"), Submit(), Pay(amount=Decimal(5)), Ship(tracking="t"), Return(reason="r"),
    Cancel(),
]  # fmt: skip


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()
    found.begin()
    yield found
    found.end()


def keys(tally: Tally, kind: str) -> set[str]:
    return {key for (found, key), count in tally.counts.items() if found == kind and count}


def machine() -> Machine:
    return selling.program.machine


async def sold(env: Environment, basket: Basket) -> None:
    run = await env.start(selling, basket)
    if basket.total > 100:
        await env.grant(run)
    await run.result()


async def test_a_straight_run_covers_what_it_went_through(collector: Collector) -> None:
    async with Environment(Script({pay: PAID, pack: "parcel", post: "T"})) as env:
        await sold(env, SMALL)
    tally = collector.of(machine())
    assert keys(tally, "state") == {"pay", "pack", "post", "completed"}
    assert keys(tally, "transition") == {
        "start -> pay", "pay -> pack", "pack -> post", "post -> completed",
    }  # fmt: skip
    assert (keys(tally, "failure"), keys(tally, "undo"), tally.runs) == (set(), set(), 1)


async def test_failures_undos_and_errors_of_the_code(collector: Collector) -> None:
    script = Script({pack: OSError("no paper"), refund: None}).on(pay, PAID, PAID, Declined("no"))
    async with Environment(script) as env:
        await (await env.start(selling, SMALL)).wait()
        run = await env.start(selling, LARGE)
        await env.reject(run)
        await (await env.start(selling, SMALL)).wait()
    tally = collector.of(machine())
    assert keys(tally, "failure") == {"pay", "pack"}
    assert keys(tally, "undo") == {"pay"}
    raised = "approval:manager raises Declined (not decision.granted)"
    assert raised in keys(tally, "transition")
    assert keys(tally, "transition") <= {item.key for item in items_of(machine())}


async def test_everything_of_a_workflow_can_be_covered(collector: Collector) -> None:
    script = Script({pack: "parcel", post: "T", pay: PAID, refund: None})
    async with Environment(script) as env:
        await sold(env, SMALL)
        await sold(env, LARGE)
        await env.reject(await env.start(selling, LARGE))
        with pytest.raises(TimedOut):
            await (await env.start(selling, LARGE)).result()
        for step in (post, pack, pay):
            script.always(step, Declined("no"))
            await (await env.start(selling, SMALL)).wait()
    report = Report(collector.of(machine()))
    assert report.missing == []
    assert report.percent == 100


def test_a_scenario_counts_states_guards_both_ways_and_refusals(collector: Collector) -> None:
    order = Scenario(OrderLifecycle).when(Submit()).refused()
    order.given(Add(item="a"), Submit()).when(Ship(tracking="t")).refused()
    tally = collector.of(OrderLifecycle.program().machine)
    assert keys(tally, "state") == {"draft", "pending"}
    assert keys(tally, "refusal") == {"Submit", "Ship"}
    guards = keys(tally, "guard")
    assert any(key.endswith(" no") for key in guards)
    assert any(key.endswith(" yes") for key in guards)


@given(st.lists(st.sampled_from(COMMANDS), max_size=8))
async def test_scenario_engine_and_log_count_the_same(commands: list[Command]) -> None:
    """Three ways: as a scenario decides, as an engine appends, as the log is read later."""
    machine = OrderLifecycle.program().machine
    one, two = Collector(), Collector()
    one.begin()
    scenario = Scenario(OrderLifecycle)
    for command in commands:
        scenario.when(command)
    one.end()
    store = MemoryStore()
    two.begin()
    async with Environment(Script(unscripted="real"), store=store) as env:
        run = await env.start(OrderLifecycle, OrderData())
        for command in commands:
            try:
                await env.send(run, command)
            except Refused:
                continue
    two.end()
    counted = [found.of(machine).counts for found in (one, two)]
    assert +counted[0] == +counted[1]
    unseen = {(i.kind, i.key) for i in items_of(machine) if not i.seen_in_log}
    read = await production(store, machine)
    assert {key: n for key, n in counted[1].items() if key not in unseen} == dict(read.counts)


async def test_production_tells_what_ran_and_when() -> None:
    store = MemoryStore()
    script = Script({pack: "parcel", post: "T", pay: PAID})
    async with Environment(script, store=store) as env:
        await sold(env, SMALL)
        await env.advance("30 days")
        await sold(env, LARGE)
        since = env.now() - timedelta(days=7)
    seen = await production(store, machine())
    assert (seen.runs, seen.counts["state", "pay"]) == (2, 2)
    lately = await production(store, machine(), since=since)
    assert (lately.runs, lately.counts["state", "pay"]) == (1, 1)
    assert lately.counts["transition", "pay -> pack"] == 0
    tests = Tally(machine())
    tests.add("transition", "pay -> pack")
    lines = [*Report(tests, lately, "7 days").lines()]
    assert "ran 0 times in production in 7 days: transition pay -> pack" in lines
    assert any(
        "never in tests: state post" in line and "once in production in 7 days" in line
        for line in lines
    )


async def test_archived_runs_are_counted_as_the_others(tmp_path: Path) -> None:
    url, clock = f"sqlite:///{tmp_path}/sold.db", VirtualClock()
    script = Script({pack: "parcel", post: "T", pay: PAID})
    async with Environment(script, store=url, clock=clock) as env:
        await sold(env, SMALL)
        before = env.now() + timedelta(days=1)
        await env.advance("60 days")
        await sold(env, LARGE)
        whole = await production(env.engine.store, machine())
        late = await production(env.engine.store, machine(), since=before)
        moved = await env.engine.archive("30 days", tmp_path / "archive", by="ann")
        assert len(moved.runs) == 1
    store = open_store(url, readonly=True)
    try:
        seen = await production(store, machine())
        assert (seen.counts, seen.runs, seen.unread) == (whole.counts, 2, 0)
        lately = await production(store, machine(), since=before)
        assert (lately.counts, lately.runs, lately.unread) == (late.counts, 1, 0)
        (tmp_path / "archive").rename(tmp_path / "attic")
        seen = await production(store, machine())
        assert (seen.counts, seen.runs, seen.unread) == (late.counts, 1, 1)
        assert any("1 archived run is not counted" in line for line in lines_of(seen))
        seen = await production(store, machine(), archives=tmp_path / "attic")
        assert (seen.counts, seen.runs, seen.unread) == (whole.counts, 2, 0)
        assert not any("archived" in line for line in lines_of(seen))
    finally:
        await store.close()


def lines_of(seen: Tally) -> list[str]:
    return [*Report(Tally(machine()), seen).lines()]


async def test_a_machine_that_never_ran_is_not_covered() -> None:
    report = Report(Tally(machine()))
    assert report.percent == 0
    assert len(report.missing) == len(items_of(machine()))


async def test_pictures_tell_what_was_covered(collector: Collector) -> None:
    async with Environment(Script({pay: PAID, pack: "parcel", post: "T"})) as env:
        await sold(env, SMALL)
    report = Report(collector.of(machine()))
    drawn = mermaid_picture(report)
    assert drawn.startswith("flowchart TD\n")
    assert "stroke:#2f855a" in drawn
    assert "stroke:#c53030" in drawn
    assert drawn.count("-->") == drawn.count("linkStyle")
    assert dot_picture(report).count("->") >= drawn.count("-->")


async def test_tallies_go_over_a_wire(collector: Collector) -> None:
    async with Engine("memory://") as engine:
        await engine.start(OrderLifecycle, OrderData(), id="run")
    (back,) = load(dump(collector.tallies))
    assert back.counts == collector.of(back.machine).counts
    assert back.machine == OrderLifecycle.program().machine


@given(st.sampled_from(STARTS), scripts(), st.lists(st.sampled_from(ACTS), max_size=4))
async def test_what_is_counted_of_a_workflow_is_there_to_be_covered(
    start: tuple[Any, tuple[Any, ...]], script: Script, acts: list[Outside]
) -> None:
    """Whatever a run does: every key is an item's, and the log counts what was counted live."""
    live = Collector()
    live.begin()
    store = MemoryStore()
    async with Environment(script, store=store) as env:
        await env.start(start[0], *start[1], id="run-1")
        for act in acts:
            with suppress(InterlockError):
                await act(env, "run-1")
    live.end()
    for tally in live.tallies.values():
        known = {(item.kind, item.key) for item in items_of(tally.machine)}
        badly = {("state", name) for name in ("failed", "compensating", "compensated", "cancelled")}
        assert set(+tally.counts) <= known | badly | {("state", "compensation failed")}
        assert tally.counts["state", "completed"] <= tally.runs
        unseen = {(i.kind, i.key) for i in items_of(tally.machine) if not i.seen_in_log}
        read = await production(store, tally.machine)
        assert {k: n for k, n in tally.counts.items() if k not in unseen} == dict(read.counts)
