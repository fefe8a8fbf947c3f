"""A lifecycle that cannot go on takes no command: a person ends it where it stands."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from engine.trouble import Ping
from interlock.cli.app import build
from interlock.engine import Engine, RunCancelledError
from interlock.machines import (
    Lifecycle,
    Refused,
    Workflow,
    after,
    approval,
    on,
    registry,
    step,
    wait_for,
)
from interlock.projections import load_state
from interlock.store import ManualClock
from interlock.store.backends.memory import MemoryStore

NAME = "given-up-order"


class Status(StrEnum):
    OPEN = "open"
    GONE = "gone"


class Stage(StrEnum):
    NEW = "new"
    GONE = "gone"


class Facts(BaseModel):
    total: int = 0


class Before(Lifecycle[Status, Facts], initial=Status.OPEN, final={Status.GONE}, name=NAME):
    @on(Ping, source=Status.OPEN, target=Status.GONE)
    def send(self, facts: Facts, command: Ping) -> Facts:
        return facts

    @after("2 days", source=Status.OPEN, target=Status.GONE)
    def expire(self, facts: Facts) -> Facts:
        return facts


class Edited(Lifecycle[Stage, Facts], initial=Stage.NEW, final={Stage.GONE}, name=NAME):
    @on(Ping, source=Stage.NEW, target=Stage.GONE)
    def send(self, facts: Facts, command: Ping) -> Facts:
        return facts


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the definitions of one name, only the one that an engine is given is known."""
    monkeypatch.setattr(registry, "_known", {})


async def begun() -> tuple[MemoryStore, ManualClock]:
    clock = ManualClock()
    store = MemoryStore("memory://", clock=clock)
    async with Engine(store, machines=[Before], clock=clock) as engine:
        await engine.start(Before, Facts(total=7), id="run")
    return store, clock


@pytest.mark.parametrize("days", [0, 3], ids=["at rest", "held by its timer"])
async def test_a_lifecycle_under_edited_code_is_given_up(days: int) -> None:
    store, clock = await begun()
    clock.set(clock.now() + timedelta(days=days))
    async with Engine(store, machines=[Edited], clock=clock) as engine:
        await engine.tick()
        await engine.settle()
        with pytest.raises(Refused, match=r"--without-undo.* ends it where it stands"):
            await engine.cancel("run", by="ann")
        why = await engine.why("run")
        assert ("cancel", "run", "--without-undo") in [one.argv[:3] for one in why.actions]
        await engine.cancel("run", by="ann", reason="lost", undo=False)
        run = await engine.get("run")
        with pytest.raises(RunCancelledError):
            await run.result()
        history = await run.history()
        history.verify()
        (entry,) = await engine.runs()
        assert (entry.status, entry.state) == ("cancelled", "open")
        assert await store.timers("run") == []
        with pytest.raises(Refused, match="cannot be cancelled any more"):
            await engine.cancel("run", by="ann", undo=False)
        assert (await engine.why("run")).cause == "cancelled"
    async with Engine(store, machines=[Before], clock=clock) as engine:  # its old code is back
        await engine.tick()
        with pytest.raises(Refused):
            await engine.send("run", Ping(number=1))
        assert (await load_state(store, "run")).status == "cancelled"


async def test_one_that_goes_on_is_sent_the_command_that_ends_it() -> None:
    store, clock = await begun()
    async with Engine(store, machines=[Before], clock=clock) as engine:
        for undo in (True, False):
            with pytest.raises(Refused, match="send it the command that cancels it"):
                await engine.cancel("run", by="ann", undo=undo)


def test_the_command_line_ends_it_and_tells_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    asyncio.run(_held(url))

    def il(*arguments: str) -> str:
        app = build(boxes=False)
        told = CliRunner().invoke(app, [*arguments, "--store", url], prog_name="interlock")
        return " ".join(told.output.split())

    assert "no command is taken, and no timer fires" in il("show", "run")
    why = il("why", "run")
    assert "Ping → gone: refused" in why
    assert "If nothing comes" not in why
    assert "--without-undo) ends it where it stands" in il("cancel", "run", "--by", "ann")
    assert "run is at open, cancelled" in il("cancel", "run", "--by", "ann", "--without-undo")
    assert "any more" in il("cancel", "run", "--by", "ann")
    shown = il("show", "run")
    assert "state open" in shown
    assert "Waits for" not in shown
    assert "cancelled" in il("history", "run")
    assert "it was cancelled" in il("why", "run")
    assert "open" in il("timeline", "run")
    assert "4 events: sound" in il("verify")


async def _held(url: str) -> None:
    clock = ManualClock()
    async with Engine(url, machines=[Before], clock=clock) as engine:
        await engine.start(Before, Facts(total=7), id="run")
    clock.set(clock.now() + timedelta(days=3))
    async with Engine(url, machines=[Edited], clock=clock) as engine:
        await engine.tick()
        await engine.settle()
        assert (await engine.runs())[0].status == "held"


async def take_back(result: str) -> None:
    del result


@step(compensate=take_back)
async def take(what: str) -> str:
    return what


async def _before(what: str) -> str:
    await take(what)
    await wait_for(Ping)
    return what


async def _edited(what: str) -> str:
    await take(what)
    await approval("boss")
    return what


async def test_cancelling_a_held_run_does_not_promise_that_a_worker_goes_on(tmp_path: Path) -> None:
    url, name = f"sqlite:///{tmp_path}/runs.db", "given-up-flow"
    before, edited = Workflow(_before, name), Workflow(_edited, name)
    async with Engine(url, machines=[before]) as engine:
        await engine.start(before, "x", id="run")
        await engine.settle()
    async with Engine(url, machines=[edited]) as worker:
        await worker.send("run", Ping(number=1))
        await worker.settle()
        assert (await worker.runs())[0].status == "held"
        arguments = ["cancel", "run", "--by", "ann", "--store", url]
        told = await asyncio.to_thread(CliRunner().invoke, build(boxes=False), arguments)
    said = " ".join(told.output.split())
    assert "goes on with it" not in said
    assert "it reaches the run when it can go on, and then undoes take" in said
