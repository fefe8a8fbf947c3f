"""A child that goes on by itself is not told as cancelled."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cli.kit import Invoke, document
from interlock.engine import Engine
from interlock.machines import approval, sleep, start_child, workflow
from interlock.projections import Effect, History, ledger
from interlock.store.backends.memory import MemoryStore


@workflow(name="left-invoice")
async def invoice(what: str) -> str:
    await sleep("29 days")
    return what


@workflow(name="left-sale")
async def sale(what: str) -> str:
    start_child(invoice, what, id=f"invoice-{what}", on_cancel="abandon")
    await approval("manager")
    return "sold"


@workflow(name="left-both")
async def both(what: str) -> str:
    start_child(invoice, what, id=f"invoice-{what}", on_cancel="abandon")
    start_child(invoice, what, id=f"draft-{what}")
    await approval("manager")
    return "sold"


async def _ended(engine: Engine, how: str) -> None:
    chosen = both if how == "both" else sale
    run = await engine.start(chosen, "8", id="s")
    await engine.settle()
    if how == "cancel":
        await engine.cancel(run)
    else:
        await engine.approve(run, "manager", by="ann")
    await engine.settle()
    assert (await (await engine.get("invoice-8")).status()) == "sleeping"


@pytest.mark.parametrize(
    ("how", "whole"),
    [
        ("end", "what it started beside itself goes on by itself"),
        ("cancel", "what it started beside itself goes on by itself"),
        ("both", "what it started beside itself is being stopped"),
    ],
)
def test_it_is_told_as_left_to_itself(
    il: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, whole: str
) -> None:
    url = f"sqlite:///{tmp_path}/left.db"
    monkeypatch.setenv("INTERLOCK_STORE", url)

    async def fill() -> None:
        async with Engine(url, machines=[sale, both, invoice]) as engine:
            await _ended(engine, how)

    asyncio.run(asyncio.wait_for(fill(), 30))
    told = il("history", "s").stdout
    assert f"the workflow has ended; {whole}" in told
    assert "invoice-8 goes on by itself: the workflow has ended" in told
    assert "invoice-8 is left to itself" in told
    assert ("draft-8 is being cancelled: the workflow has ended" in told) == (how == "both")
    shown = document(il("show", "s", "--json"))
    statuses = {effect["key"]: effect["status"] for effect in shown["ledger"]}
    assert statuses.pop("invoice-8") == "left alone"
    assert statuses == ({"draft-8": "cancelled"} if how == "both" else {})
    bars = {bar["child"]: bar for bar in document(il("timeline", "s", "--json"))["bars"]}
    assert bars["invoice-8"]["outcome"] == "left alone"


@pytest.mark.parametrize("how", ["end", "cancel", "both"])
async def test_the_ledger_is_the_same_from_any_version_on(how: str) -> None:
    store = MemoryStore()
    async with Engine(store, machines=[sale, both, invoice]) as engine:
        await _ended(engine, how)
    events = await store.read("s")
    whole = {effect.activity: effect for effect in ledger(events)}
    for version in range(1, len(events)):
        before = History(events[:version]).state()
        found: list[Effect] = ledger(events[version:], before)
        assert [effect.status for effect in found] == [
            whole[effect.activity].status for effect in found
        ]
