"""Runs of many items: driven over the pauses between batches, and shown in a few lines."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cli import items
from cli.kit import Invoke, document
from interlock.engine import Engine
from interlock.store.clock import ManualClock


def test_run_goes_on_after_the_pause_between_two_batches(il: Invoke, tmp_path: Path) -> None:
    (tmp_path / "in").write_text('{"id": "many", "numbers": 40}\n')
    result = il("run", "cli.items:halving", "--input", str(tmp_path / "in"), "--id-field", "id")
    assert result.exit_code == 0, result.output
    assert document(il("show", "many", "--json"))["result"] == 39
    shown = il("show", "many").stdout.splitlines()
    many, one = (line.split() for line in shown if line.startswith("halve "))
    assert many[:5] == ["halve", "×", "39", "confirmed", "39"]
    assert many[-1] == "many/each:halve#1[…]"
    assert one[:4] == ["halve", "7", "failed", "1"]
    assert one[-2:] == ["Odd:", "7"]


async def test_a_pause_is_shown_as_how_far_it_came(tmp_path: Path, il: Invoke) -> None:
    store = f"sqlite:///{tmp_path}/items.db"
    async with Engine(store, clock=ManualClock(), machines=[items.halving]) as engine:
        run = await engine.start(items.halving, 40, id="many")
        await engine.settle()
        assert await run.status() == "running"
    shown = await asyncio.to_thread(il, "show", "many", "--store", store)
    said = "each:halve, 14 of 40 done, 1 failed, 25 to go; the next batch 2026-01-01 00:00:00Z"
    assert said in shown.stdout


@pytest.mark.parametrize("count", [10, 11])
async def test_items_under_way_are_told_one_by_one_while_they_are_few(
    tmp_path: Path, il: Invoke, count: int
) -> None:
    store = f"sqlite:///{tmp_path}/items.db"
    async with Engine(store, machines=[items.sticking]) as engine:
        run = await engine.start(items.sticking, count, id="many")
        while len((await run.snapshot()).pending) <= count:  # noqa: ASYNC110  no event tells it
            await asyncio.sleep(0.01)
        shown = await asyncio.to_thread(il, "show", "many", "--store", store)
    assert f"each:stick, 0 of {count} done, {count} under way" in shown.stdout
    told = [line for line in shown.stdout.splitlines() if "step stick, scheduled" in line]
    assert len(told) == (10 if count == 10 else 0)
