"""`interlock deploy-check`, and its story: lock, edit, check, migrate, deploy."""

from __future__ import annotations

import asyncio
import importlib
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.kit import Invoke, document
from interlock.cli.app import build
from interlock.engine import Engine, NoCopy, deploy_check, rehearse
from interlock.machines import registry

BEFORE = """
from pydantic import BaseModel
from interlock.machines import Command, approval, step, wait_for, workflow

class Order(BaseModel):
    id: str
    total: int

class Paid(Command):
    amount: int

@step
async def charge(order: Order) -> str:
    with open("calls.txt", "a") as calls:
        calls.write(f"charge {order.id}\\n")
    return f"r-{order.id}"

@workflow(name="{name}")
async def checkout(order: Order) -> str:
    if order.total > 100:
        decision = await approval("manager", about=order)
        if not decision.granted:
            return "no"
    await wait_for(Paid)
    return await charge(order)
"""

NEWER = [
    ("    total: int\n", "    total: int\n    note: str = ''\n"),
    ('approval("manager"', 'approval("boss"'),
]

MIGRATION = """
@checkout.migrate(from_="{hash}", states={"approval:manager": "approval:boss"})
def now_the_boss(variables: dict) -> dict:
    return variables
"""

TYPED = [("    total: int\n", "    total: str\n"), ("order.total > 100", "len(order.total) > 2")]


class Shop:
    """A module in a folder, edited as its author would, and a database of its runs."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name.replace("-", "_")
        self.machine = name
        self.store = f"sqlite:///{folder / 'shop.db'}"
        self.edit()

    def edit(self, *edits: tuple[str, str], more: str = "") -> None:
        text = BEFORE.replace("{name}", self.machine)
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        (self.folder / f"{self.name}.py").write_text(text + more)
        sys.modules.pop(self.name, None)
        importlib.invalidate_caches()
        for cached in (self.folder / "__pycache__").glob(f"{self.name}*"):
            cached.unlink()

    def load(self) -> Any:
        sys.modules.pop(self.name, None)
        return importlib.import_module(self.name)

    async def fill(self, count: int = 6) -> None:
        shop = self.load()
        async with Engine(self.store, machines=[shop.checkout]) as engine:
            for number in range(count):
                order = shop.Order(id=f"o-{number}", total=50 * (number % 6))
                await engine.start(shop.checkout, order, id=f"o-{number}")
            await engine.settle()

    @property
    def hash(self) -> str:
        found: str = self.load().checkout.machine.hash
        return found

    def bytes(self) -> list[Any]:
        with closing(sqlite3.connect(self.folder / "shop.db")) as file:
            return [*file.iterdump()]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    name = f"deployed-{abs(hash(request.node.name)) % 10**8}"
    return Shop(tmp_path, name)


@pytest.fixture
def il(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.setenv("INTERLOCK_STORE", shop.store)
    app = build(boxes=False)

    def invoke(*arguments: str, input: str | None = None) -> Result:  # noqa: A002  as CliRunner's
        sys.modules.pop(shop.name, None)
        return CliRunner().invoke(app, list(arguments), input=input, prog_name="interlock")

    return invoke


def test_the_whole_story(shop: Shop, il: Invoke) -> None:
    asyncio.run(shop.fill())
    first = shop.hash
    assert il("lock", shop.name).exit_code == 0
    assert il("deploy-check", shop.name).exit_code == 0

    shop.edit(*NEWER)
    for command in (("check", f"{shop.name}:checkout"), ("lock",), ("lock", "--check")):
        refused = il(*command)
        assert refused.exit_code == 1, command
        assert "ILK234" in refused.stdout
        assert f"@checkout.migrate(from_='{first[:8]}', states={{'approval:manager': ...}})" in (
            refused.stdout
        )
    assert first in (shop.folder / "interlock.lock").read_text()

    before = shop.bytes()
    result = il("deploy-check", shop.name, "--dry-run")
    assert result.exit_code == 1
    assert "3 go on as they are" in result.stdout
    assert "3 need a mapping of their state" in result.stdout
    assert f"@checkout.migrate(from_='{first[:8]}', states={{'approval:manager': ...}})" in (
        result.stdout
    )
    assert "3 runs moved over, 3 runs held" in result.stdout
    assert "3 runs would be held" in result.stdout

    shop.edit(*NEWER, more=MIGRATION.replace("{hash}", first))
    found = document(il("deploy-check", shop.name, "--dry-run", "--json"))
    assert (found["held"], found["fates"]["migrated"]) == (0, 6)
    assert (found["dry_run"]["moved"], found["dry_run"]["held"]) == (6, [])
    assert shop.bytes() == before  # it was only read
    assert not (shop.folder / "calls.txt").exists()
    assert il("check", f"{shop.name}:checkout").exit_code == 0
    assert il("lock").exit_code == 0
    assert shop.hash in (shop.folder / "interlock.lock").read_text()

    asyncio.run(_deployed(shop))


async def _deployed(shop: Shop) -> None:
    """What deploy-check said is what happens."""
    module = shop.load()
    async with Engine(shop.store, machines=[module.checkout]) as engine:
        for number in range(6):
            run = f"o-{number}"
            if number > 2:
                await engine.approve(run, "manager", by="ann")  # who was asked then
                await engine.settle()
            await engine.send(run, module.Paid(amount=1))
            assert await (await engine.get(run)).result() == f"r-{run}"
            events = [event.type for event in (await (await engine.get(run)).history()).events]
            assert events.count("RunMigrated") == 1


def test_a_type_that_changed_is_told_with_its_value(shop: Shop, il: Invoke) -> None:
    asyncio.run(shop.fill())
    shop.edit(*TYPED)
    result = il("deploy-check", shop.name, "--json")
    found = document(result)
    assert (result.exit_code, found["held"], found["fates"]["type changed"]) == (1, 6, 6)
    reasons = " ".join(reason for group in found["groups"] for reason in group["reasons"])
    assert "total" in reasons
    assert {tuple(group["samples"]) for group in found["groups"]} == {
        ("o-0", "o-1", "o-2"), ("o-3", "o-4", "o-5"),
    }  # fmt: skip


UPCAST = """
from interlock.machines import upcast

@upcast(Order, from_=1)
def total_in_words(old: dict) -> dict:
    return old | {"total": "x" * old["total"]}
"""


def test_an_upcaster_answers_for_a_type_that_changed(shop: Shop, il: Invoke) -> None:
    asyncio.run(shop.fill())
    assert il("lock", shop.name).exit_code == 0
    shop.edit(*TYPED)
    assert "ILK234" in il("lock", "--check").stdout
    text = (shop.folder / f"{shop.name}.py").read_text()
    declared = text.replace("class Paid", f"{UPCAST}\nclass Paid")
    (shop.folder / f"{shop.name}.py").write_text(declared)
    found = document(il("deploy-check", shop.name, "--dry-run", "--json"))
    assert (found["held"], found["fates"]["goes on"]) == (0, 6)
    assert (found["dry_run"]["moved"], found["dry_run"]["held"]) == (6, [])
    assert il("lock").exit_code == 0
    assert "schema 2 from 1: id: str, total: str" in (shop.folder / "interlock.lock").read_text()
    asyncio.run(_paid(shop))


async def _paid(shop: Shop) -> None:
    module = shop.load()
    async with Engine(shop.store, machines=[module.checkout]) as engine:
        await engine.send("o-1", module.Paid(amount=1))
        run = await engine.get("o-1")
        assert await run.result() == "r-o-1"
        order = module.Order(id="o-2", total="x" * 100)
        again = await engine.start(module.checkout, order, id="o-2")  # found: the same input
        assert await again.status() == "waiting"


def test_a_machine_that_is_not_imported_is_held(shop: Shop, il: Invoke) -> None:
    asyncio.run(shop.fill())
    registry._known.pop(shop.machine)  # pyright: ignore[reportPrivateUsage]  as in a new process
    (shop.folder / "empty_of_machines.py").write_text("")
    result = il("deploy-check", "empty_of_machines", "--json")
    assert (result.exit_code, document(result)["fates"]["not imported"]) == (1, 6)


def test_without_a_database(shop: Shop, il: Invoke) -> None:
    result = il("deploy-check", shop.name, "--json")
    assert (result.exit_code, document(result)["error"]["code"]) == (1, "ILK091")


async def test_the_same_without_a_command_line(shop: Shop) -> None:
    await shop.fill(3)
    shop.edit(*NEWER)
    module = shop.load()
    told: list[tuple[int, int]] = []
    async with Engine(shop.store, machines=[module.checkout], worker=False) as engine:
        report = await deploy_check(
            engine.store, [module], progress=lambda done, total: told.append((done, total))
        )
    assert (report.runs, report.held, told[-1]) == (3, 0, (3, 3))
    assert [one.held for one in await rehearse(shop.store, [module])] == ["", "", ""]
    with pytest.raises(NoCopy):
        await rehearse("memory://", [module])


async def test_many_runs_are_looked_at_in_pages(shop: Shop) -> None:
    await shop.fill(200)
    shop.edit(*NEWER)
    module = shop.load()
    async with Engine(shop.store, machines=[module.checkout], worker=False) as engine:
        report = await deploy_check(engine.store, [module])
    assert report.runs == 200
    assert {group.state: group.count for group in report.groups if group.held} == {
        "approval:manager": 99
    }
    (held,) = (group for group in report.groups if group.held)
    assert held.samples == ["o-3", "o-4", "o-5"]
