"""A shop with runs in every situation, and the command line to look at it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import shop
from cli.kit import ORDERS, Invoke
from interlock.cli.app import build
from interlock.engine import Engine


@pytest.fixture(scope="session")
def _filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    asyncio.run(asyncio.wait_for(_fill(f"sqlite:///{path}"), 60))
    return path


async def _fill(url: str) -> None:
    machines = [shop.checkout, shop.Billing]
    async with Engine(url, machines=machines) as engine:
        for run, total in ORDERS.items():
            order = shop.Order(id=run, total=Decimal(total))
            await engine.start(shop.checkout, order, id=run)
        await engine.start(shop.Billing, shop.Bill(total=Decimal(10)), id="bill-1")
        doubtful = await engine.get("order-9")
        while (last := (await doubtful.history()).events[-1].type) != "StepStarted":
            assert last != "RunFailed"
            await asyncio.sleep(0.01)
    async with Engine(url, machines=machines) as engine:  # finds the call that never ended
        await engine.settle()


@pytest.fixture
def store(_filled: Path, tmp_path: Path) -> str:
    """A copy of the filled shop."""
    copy = tmp_path / "shop.db"
    with closing(sqlite3.connect(_filled)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return f"sqlite:///{copy}"


@pytest.fixture
def il(store: str, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """`il("runs", "--json")` on the shop; the output is a pipe, as in a script."""
    monkeypatch.setenv("INTERLOCK_STORE", store)
    monkeypatch.setenv("INTERLOCK_APP", "cli.shop")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    app = build(boxes=False)

    def invoke(*arguments: str, input: str | None = None) -> Result:  # noqa: A002  as CliRunner's
        return CliRunner().invoke(app, list(arguments), input=input, prog_name="interlock")

    return invoke
