"""Recorded histories: the code that made them does the same, other code is told from it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from interlock.machines import workflow
from interlock.projections import dump_history
from interlock.testing import (
    Environment,
    HarnessError,
    Script,
    assert_replays,
    assert_store_replays,
)
from testing.store_front import Basket, Payment, pack, pay, post, selling

BASKET = Basket(total=Decimal(12), items=["tea"])
SCRIPT = {pay: Payment(id="p1", amount=Decimal(12)), pack: "parcel", post: "T-1"}


@workflow
async def selling_in_a_hurry(basket: Basket) -> str:
    await pay(basket)
    return await post("parcel", express=True)


async def test_a_history_a_file_and_its_text_are_compared(tmp_path: Path) -> None:
    async with Environment(Script(SCRIPT)) as env:
        run = await env.start(selling, BASKET, id="run")
        history = await run.history()
    text = dump_history(history)
    file = tmp_path / "run.jsonl"
    file.write_text(text)
    for source in (history, file, text):
        assert assert_replays(source, selling).verdict == "same"
        with pytest.raises(AssertionError) as caught:
            assert_replays(source, selling_in_a_hurry)
        assert "recorded: calls pack" in str(caught.value)
        assert "now: calls post" in str(caught.value)


async def test_the_runs_of_a_store_are_compared(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    async with Environment(Script(SCRIPT), store=url) as env:
        await env.start(selling, BASKET, id="old")
        await env.advance("1 year")
        await env.start(selling, BASKET, id="new")
        since = env.now() - timedelta(days=1)
    assert len(await assert_store_replays(url, selling)) == 2
    assert [one.run for one in await assert_store_replays(url, selling, since=since)] == ["new"]
    with pytest.raises(AssertionError, match="2 of 2 runs"):
        await assert_store_replays(url, selling_in_a_hurry, machine="selling")
    with pytest.raises(AssertionError, match="run 'old' diverged"):
        await assert_store_replays(url, selling_in_a_hurry, run="old")
    with pytest.raises(HarnessError, match="no run 'none'"):
        await assert_store_replays(url, selling, run="none")
