"""The proof finds what is planted: each kind of fault, and nothing where there is none."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from interlock.demo.orders import real_orders
from interlock.demo.proof import Proof, prove
from interlock.demo.runner import run_demo, world_path
from interlock.demo.summary import outcome_of
from interlock.demo.world import World
from interlock.store import open_store


class Planted:
    """A small finished demo, to be damaged."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/demo.db"
        self.log = str(folder / "demo.db")
        path = world_path(self.url)
        assert path is not None
        self.world = path
        self.reals = real_orders(path, limit=16)

    def damage(self, file: str, sql: str, *values: object) -> None:
        with closing(sqlite3.connect(file)) as connection, connection:
            assert connection.execute(sql, values).rowcount >= 1

    async def prove(self, *, damaged: str = "") -> Proof:
        """The proof, against the outcomes as they are (but for one that is said to differ)."""
        store = open_store(self.url, readonly=True)
        try:
            reference = {r.order.id: await outcome_of(store, r) for r in self.reals}
            if damaged:
                reference[damaged] = replace(reference[damaged], status="another")
            return await prove(store, World.at(self.world), self.reals, reference)
        finally:
            World.close(self.world)
            await store.close()

    async def faults(self, *, damaged: str = "") -> dict[str, str]:
        """The claims that do not hold, with the first fault of each."""
        proof = await self.prove(damaged=damaged)
        return {check.claim: check.faults[0] for check in proof.checks if not check.holds}


@pytest.fixture
async def planted(tmp_path: Path) -> AsyncIterator[Planted]:
    planted = Planted(tmp_path)
    await run_demo(planted.url, latency=0, limit=16)
    yield planted
    World.close(planted.world)


async def test_an_untouched_demo_holds(planted: Planted) -> None:
    proof = await planted.prove()
    assert proof.holds
    assert all(check.examined > 0 for check in proof.checks)


async def test_a_charge_made_twice_is_found(planted: Planted) -> None:
    columns = '"order", payment, amount'
    planted.damage(
        planted.world,
        f"INSERT INTO charge (key, {columns}) SELECT key || 'x', {columns} FROM charge LIMIT 1",
    )
    faults = await planted.faults()
    assert set(faults) == {
        "no payment was charged twice",
        "every charge of the provider is in the log, and no other",
    }


async def test_a_charge_made_twice_under_one_key_is_found(planted: Planted) -> None:
    columns = 'key, "order", payment, amount'
    planted.damage(
        planted.world, f"INSERT INTO charge ({columns}) SELECT {columns} FROM charge LIMIT 1"
    )
    assert "no payment was charged twice" in await planted.faults()


async def test_a_charge_that_the_provider_does_not_know_is_found(planted: Planted) -> None:
    planted.damage(planted.world, "DELETE FROM charge WHERE id = 1")
    (fault,) = (await planted.faults()).values()
    assert "in the log, and not in the provider's book" in fault


async def test_a_lost_refund_is_found(planted: Planted) -> None:
    planted.damage(planted.world, "DELETE FROM refund WHERE id = 1")
    assert "every refund of the provider is in the log, and no other" in await planted.faults()


async def test_goods_that_went_astray_are_found(planted: Planted) -> None:
    planted.damage(planted.world, "DELETE FROM parcel WHERE rowid = 1")
    assert set(await planted.faults()) == {"the goods are where the log says"}


async def test_a_lost_run_is_found(planted: Planted) -> None:
    planted.reals = real_orders(planted.world, limit=17)
    faults = await planted.faults()
    assert faults["every order has its checkout and its lifecycle"] == "there is no run order-17"


async def test_another_outcome_is_found(planted: Planted) -> None:
    faults = await planted.faults(damaged="order-3")
    assert set(faults) == {"every outcome is that of an undisturbed demo"}


async def test_an_altered_event_is_found(planted: Planted) -> None:
    (table,) = _tables_with(planted.log, "originator_version")
    planted.damage(
        planted.log,
        f"UPDATE {table} SET state = CAST(replace(CAST(state AS TEXT), 'demo', 'dem0') AS BLOB) "
        "WHERE originator_id = 'order-2' AND originator_version = 2",
    )
    assert "every digest chain is unbroken" in await planted.faults()


async def test_a_row_of_the_index_that_says_otherwise_is_found(planted: Planted) -> None:
    (table,) = _tables_with(planted.log, "waits_for")
    planted.damage(planted.log, f"UPDATE {table} SET waits_for = 'x' WHERE run = 'order-2'")
    assert "every row of the index follows from its events" in await planted.faults()


def _tables_with(file: str, column: str) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
        return [
            name
            for (name,) in tables
            if column in {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
        ]
