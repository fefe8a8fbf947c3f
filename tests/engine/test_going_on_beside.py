"""Runs under new code that hold more than their place: children of their own, and kept commands."""

from __future__ import annotations

from typing import Any

import pytest

from engine.trouble import Ping
from interlock.cli.lanes import lanes
from interlock.engine import Engine, deploy_check
from interlock.engine.deploying import RunFate, fate_of
from interlock.engine.programs import Programs
from interlock.machines import (
    Command,
    Workflow,
    approval,
    parallel,
    received,
    start_child,
    step,
    wait_for,
)
from interlock.projections import fold, timeline
from interlock.store.backends.memory import MemoryStore
from interlock.store.forking import Effects

CALLS: list[str] = []


class Pong(Command):
    number: int = 0


@step
async def pack(what: str) -> str:
    CALLS.append(what)
    return what


async def unpack(packed: str) -> None:
    CALLS.append(f"undo {packed}")


@step(compensate=unpack)
async def wrap(what: str) -> str:
    CALLS.append(what)
    return what


async def _invoice(what: str) -> str:
    wrapped = await wrap(what)
    await wait_for(Ping)
    return f"{wrapped} paid"


invoice = Workflow(_invoice, "invoice-beside")


def called(function: Any) -> Workflow[..., Any]:
    """The same name for each: a program before and after an edit."""
    return Workflow(function, "sale-beside")


@pytest.fixture(autouse=True)
def _clean() -> None:
    CALLS.clear()


async def begun(store: MemoryStore, function: Any) -> None:
    async with Engine(store, machines=[called(function), invoice]) as engine:
        await engine.start(called(function), "x", id="run")
        await engine.settle()


async def fate(store: MemoryStore, machine: Workflow[..., Any]) -> RunFate:
    entry = await store.entry("run")
    assert entry is not None
    return await fate_of(store, Programs([machine, invoice]), entry)


# Children of their own


async def sale(what: str) -> str:
    await pack(what)
    start_child(invoice, what, id="bill", on_cancel="abandon")
    await approval("manager")
    return "sold"


async def sale_edited(what: str) -> str:
    await pack(what)
    start_child(invoice, what, id="bill", on_cancel="abandon")
    await approval("manager")
    return "sold now"


async def awaiting(what: str) -> str:
    bill = start_child(invoice, what, id="bill")
    await approval("manager")
    return await bill


async def awaiting_edited(what: str) -> str:
    bill = start_child(invoice, what, id="bill")
    await approval("manager")
    await pack("more")
    return f"{await bill}!"


async def unrelated(what: str) -> str:
    bill = start_child(invoice, what)
    await approval("manager")
    await bill
    raise ValueError("no")


async def unrelated_edited(what: str) -> str:
    await pack("more")
    bill = start_child(invoice, what)
    await approval("manager")
    await bill
    raise ValueError("not now")


@pytest.mark.parametrize(
    ("old", "new", "status", "result"),
    [
        (sale, sale_edited, "completed", "sold now"),
        (awaiting, awaiting_edited, "completed", "x paid!"),
        (unrelated, unrelated_edited, "compensated", None),
    ],
)
async def test_a_run_goes_on_beside_its_child(
    old: Any, new: Any, status: str, result: str | None
) -> None:
    store = MemoryStore("memory://")
    await begun(store, old)
    assert (await fate(store, called(new))).fate == "goes on"
    async with Engine(store, machines=[called(new), invoice]) as engine:
        await engine.approve("run", "manager", by="ann")
        await engine.settle()
        (child,) = [entry.run for entry in await store.entries() if entry.run != "run"]
        await engine.send(child, Ping(number=1))
        await engine.settle()
    state = fold(await store.read("run"))
    assert (state.status, state.image.plain(state.result)) == (status, result)
    assert fold(await store.read(child)).status == (
        "cancelled" if status == "compensated" else "completed"
    )
    assert ("undo x" in CALLS) == (status == "compensated")


async def test_a_child_has_a_row_of_its_own() -> None:
    store = MemoryStore("memory://")
    await begun(store, sale)
    bars = timeline(await store.read("run")).bars
    assert [bar.label for bar in bars] == ["pack", "invoice-beside", "approval:manager"]
    assert [lane.label for lane in lanes(bars)] == [bar.label for bar in bars]


@pytest.mark.parametrize("effects", ["recorded", "ask"])
async def test_a_fork_goes_on_beside_its_child(effects: Effects) -> None:
    store = MemoryStore("memory://")
    await begun(store, sale)
    at = len(await store.read("run"))
    async with Engine(store, machines=[called(sale_edited), invoice]) as engine:
        await engine.approve("run", "manager", by="ann")
        await engine.settle()
        fork = await engine.fork("run", at, id="fork", effects=effects)
        again = await engine.fork("fork", at, id="again", effects=effects)
        await engine.settle()
        assert not engine.held
        for made in (fork, again):
            assert (await made.snapshot()).hash == called(sale_edited).machine.hash
    assert (await deploy_check(store, [called(sale_edited), invoice])).held == 0


async def failing(what: str) -> str:
    bill = start_child(invoice, what, id="bill")
    await bill
    await approval("manager")
    raise ValueError("no")


async def failing_edited(what: str) -> str:
    await approval("manager")
    raise ValueError("not at all")


async def test_a_child_that_is_over_is_undone_by_its_own_code() -> None:
    store = MemoryStore("memory://")
    await begun(store, failing)
    async with Engine(store, machines=[called(failing), invoice]) as engine:
        await engine.send("bill", Ping(number=1))
        await engine.settle()
    assert (await fate(store, called(failing_edited))).fate == "goes on"
    async with Engine(store, machines=[called(failing_edited), invoice]) as engine:
        await engine.approve("run", "manager", by="ann")
        await engine.settle()
    assert fold(await store.read("run")).status == "compensated"
    assert CALLS == ["x", "undo x"]


# Kept commands


async def keeping(what: str) -> str:
    await approval("manager")
    await wait_for(Ping)
    return what


async def renamed(what: str) -> str:
    await approval("manager")
    await wait_for(Pong)
    return what


async def taken_before(what: str) -> str:
    await wait_for(Ping)
    await approval("manager")
    await wait_for(Pong)
    return what


async def beside(what: str) -> str:
    await approval("manager")
    await parallel(wait_for(Ping), pack(what))
    return what


async def polled(what: str) -> str:
    await approval("manager")
    while await received(Ping) is None:
        await wait_for(Pong)
    return what


@pytest.mark.parametrize("new", [renamed, taken_before])
async def test_a_kept_command_that_nothing_would_take_is_no_going_on(new: Any) -> None:
    store = MemoryStore("memory://")
    await begun(store, keeping)
    assert (await fate(store, called(new))).fate == "goes on"
    async with Engine(store, machines=[called(keeping), invoice]) as engine:
        await engine.send("run", Ping(number=1))
        await engine.settle()
    foreseen = await fate(store, called(new))
    why = "Ping is kept for later, and nothing waits for it from there on"
    assert (foreseen.fate, foreseen.reasons) == ("needs mapping", (why,))
    assert foreseen.lacking == ("approval:manager",)
    assert (await deploy_check(store, [called(new), invoice])).held == 1
    async with Engine(store, machines=[called(new), invoice]) as engine:
        await engine.approve("run", "manager", by="ann")
        await engine.settle()
        assert why in engine.held["run"]
    async with Engine(store, machines=[called(keeping), invoice]) as engine:
        await engine.settle()
    assert fold(await store.read("run")).status == "completed"


@pytest.mark.parametrize("new", [beside, polled])
async def test_a_kept_command_is_taken_wherever_new_code_takes_it(new: Any) -> None:
    store = MemoryStore("memory://")
    await begun(store, keeping)
    async with Engine(store, machines=[called(keeping), invoice]) as engine:
        await engine.send("run", Ping(number=1))
        await engine.settle()
    assert (await fate(store, called(new))).fate == "goes on"
    async with Engine(store, machines=[called(new), invoice]) as engine:
        await engine.approve("run", "manager", by="ann")
        await engine.settle()
    assert fold(await store.read("run")).status == "completed"


async def test_a_migration_answers_for_a_kept_command() -> None:
    store = MemoryStore("memory://")
    await begun(store, keeping)
    async with Engine(store, machines=[called(keeping), invoice]) as engine:
        await engine.send("run", Ping(number=1))
        await engine.settle()
    new, source = called(taken_before), called(keeping).machine.hash

    @new.migrate(from_=source, states={"approval:manager": "approval:manager"})
    def as_it_is(variables: dict[str, Any]) -> dict[str, Any]:
        return variables

    assert (await fate(store, new)).fate == "migrated"
    async with Engine(store, machines=[new, invoice]) as engine:
        await engine.approve("run", "manager", by="ann")
        await engine.send("run", Pong())
        await engine.settle()
    assert fold(await store.read("run")).status == "completed"


async def test_a_command_that_the_old_code_would_not_take_either_holds_nothing_up() -> None:
    store = MemoryStore("memory://")

    async def over(what: str) -> str:
        await wait_for(Ping)
        await approval("manager")
        return what

    async def edited(what: str) -> str:
        await approval("manager")
        return what

    await begun(store, over)
    async with Engine(store, machines=[called(over), invoice]) as engine:
        for number in range(2):
            await engine.send("run", Ping(number=number))
        await engine.settle()
    assert (await fate(store, called(edited))).fate == "goes on"
    async with Engine(store, machines=[called(edited), invoice]) as engine:
        await engine.approve("run", "manager", by="ann")
        await engine.settle()
    assert fold(await store.read("run")).status == "completed"
