"""Forgetting a subject: nothing is left to read, everything else stays as it was."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from interlock.engine import Engine
from interlock.machines import (
    Command,
    Forgotten,
    Personal,
    Subject,
    step,
    wait_for,
    workflow,
)
from interlock.projections import History, dump_history, load_history
from interlock.store import crash, verify
from interlock.store.forgetting import STREAM, SubjectForgotten
from interlock.store.keystores import SQLiteKeys
from interlock.store.secrecy import KeyMissing
from store.personal_kit import found_in


class Customer(BaseModel):
    id: Subject
    name: Personal[str]


class Go(Command):
    pass


class Extra(Command):
    customer: Subject
    text: Personal[str]


SEEN: list[str] = []


@step
async def greet(name: Personal[str]) -> Personal[str]:
    if name.forgotten:
        SEEN.append("nobody")
        return Personal("made up", subject=name.subject)
    SEEN.append(name.reveal())
    return name.map(str.upper)


@workflow
async def visits(customer: Customer, strict: bool = False) -> str:
    greeting = await greet(customer.name)
    await wait_for(Go)
    again = await greet(customer.name)
    if strict:
        customer.name.reveal()
    return f"{greeting} {again} {again.forgotten}"


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/x.db"


def ann() -> Customer:
    return Customer(id="c-1", name=Personal("Ann Smithson"))


def bob() -> Customer:
    return Customer(id="c-2", name=Personal("Bob Millington"))


async def test_a_run_in_flight_goes_on_without_what_was_forgotten(tmp_path: Path) -> None:
    SEEN.clear()
    async with Engine(url(tmp_path), machines=[visits]) as engine:
        for name, customer in (("r-1", ann()), ("r-2", bob())):
            await engine.start(visits, customer, id=name)
        await engine.start(visits, ann(), True, id="r-3")
        await engine.settle()
        plan = await engine.forget("c-1", dry_run=True)
        assert [(held.run, held.variables) for held in plan.held] == [
            ("r-1", ("customer", "greeting")), ("r-3", ("customer", "greeting")),
        ]  # fmt: skip
        assert not plan.done
        assert (await engine.forget("c-1", dry_run=True)) == plan
        done = await engine.forget("c-1", by="dpo", reason="asked for it")
        assert (done.key, done.done, done.told) == (plan.key, True, ("r-1", "r-3"))
        for name in ("r-1", "r-2", "r-3"):
            await engine.send(name, Go())
        results = [await (await engine.get(name)).result() for name in ("r-1", "r-2")]
        assert results == [
            "<personal c-1> <forgotten c-1> True", "<personal c-2> <personal c-2> False",
        ]  # fmt: skip
        with pytest.raises(Forgotten, match="c-1"):
            await (await engine.get("r-3")).result()
        assert SEEN.count("nobody") == 2
        for name in ("r-1", "r-2", "r-3", STREAM):
            verify(await engine.store.read(name), head=await engine.store.head(name))
        (told,) = [e for e in await engine.store.read("r-1") if e.type == "SubjectForgotten"]
        assert told.body == SubjectForgotten("c-1", done.key)
        assert (told.actor.id, told.reason) == ("dpo", "asked for it")
        history = History(await engine.store.read("r-1"))
        shown: Any = history.at(told.version).variables
        assert shown["customer"] == {"id": "c-1", "name": "<forgotten c-1>"}
        again = await engine.forget("c-1")
        assert (again.before, again.told) == (True, ())


async def test_nothing_is_taken_about_a_forgotten_subject(tmp_path: Path) -> None:
    @workflow
    async def listens() -> str:
        extra = await wait_for(Extra)
        return str(extra.text)

    async with Engine(url(tmp_path)) as engine:
        await engine.forget("c-1")  # nothing was ever recorded of it
        with pytest.raises(Forgotten, match="needs a new id"):
            await engine.start(visits, ann(), id="r-1")
        assert await engine.store.entry("r-1") is None
        await engine.start(listens, id="r-2")
        with pytest.raises(Forgotten):
            await engine.send("r-2", Extra(customer="c-1", text=Personal("hello")))
        await engine.send("r-2", Extra(customer="c-2", text=Personal("hello")))
        assert await (await engine.get("r-2")).result() == "<personal c-2>"


async def test_an_erasure_reaches_an_engine_that_is_open_at_once(tmp_path: Path) -> None:
    SEEN.clear()
    async with Engine(url(tmp_path)) as worker:
        await worker.start(visits, ann(), id="r-1")
        await worker.settle()
        customer = ann()
        await worker.start(visits, customer, id="r-2")
        async with Engine(url(tmp_path), worker=False) as other:
            await other.forget("c-1")
        with pytest.raises(Forgotten):
            customer.name.reveal()
        await worker.send("r-1", Go())
        assert await (await worker.get("r-1")).result() == "<personal c-1> <forgotten c-1> True"


async def test_a_key_that_comes_back_with_an_older_copy_is_destroyed_again(tmp_path: Path) -> None:
    keys = tmp_path / "x-keys.db"
    async with Engine(url(tmp_path)) as engine:
        await engine.start(visits, ann(), id="r-1")
        await engine.settle()
        copy = keys.read_bytes()
        await engine.forget("c-1")
    keys.write_bytes(copy)
    store = SQLiteKeys(keys)
    found = store.find("c-1")
    assert found is not None
    assert found.secret is not None
    async with Engine(url(tmp_path), worker=False):
        pass
    assert store.find("c-1") != found
    assert found.secret not in keys.read_bytes()
    store.close()


KILLED = """
import asyncio, os, signal, sys
from engine.test_forgetting import ann, visits
from interlock.engine import Engine
from interlock.machines import current

async def main():
    async with Engine(sys.argv[1], machines=[visits]) as engine:
        await engine.start(visits, ann(), id="r-1")
        await engine.settle()
        await engine.start(visits, ann(), id="r-2")
        ann().name.reveal()
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_a_killed_process_leaves_nothing_in_plain(tmp_path: Path) -> None:
    folders = [str(Path(__file__).parents[1]), *sys.path]
    command = [sys.executable, "-c", KILLED, url(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    killed = await asyncio.create_subprocess_exec(*command, env=environment)
    assert await killed.wait() == -signal.SIGKILL
    assert found_in(tmp_path, "Ann Smithson", "ANN SMITHSON") == []
    async with Engine(url(tmp_path), machines=[visits]) as engine:
        await engine.settle()
        done = await engine.forget("c-1")
        assert [held.run for held in done.held] == ["r-1", "r-2"]
        await engine.send("r-2", Go())
        assert await (await engine.get("r-2")).result() == "<personal c-1> <forgotten c-1> True"
    assert found_in(tmp_path, "Ann Smithson", "ANN SMITHSON") == []


async def test_an_older_export_brings_nothing_back(tmp_path: Path) -> None:
    async with Engine(url(tmp_path), machines=[visits]) as engine:
        await engine.start(visits, ann(), id="r-1")
        await engine.settle()
        exported = dump_history(History(await engine.store.read("r-1")))
        await engine.forget("c-1")
        types = engine.types_of("visits")
        state = load_history(exported).state()
        back = state.image.decode(types, state.image.variables["customer"])
        assert isinstance(back, Customer)
        with pytest.raises(Forgotten):
            back.name.reveal()
    async with Engine(f"sqlite:///{tmp_path}/other.db", machines=[visits]) as engine:
        back = state.image.decode(engine.types_of("visits"), state.image.variables["customer"])
        assert isinstance(back, Customer)
        with pytest.raises(KeyMissing):
            back.name.reveal()


class Stop(Exception):
    pass


@pytest.mark.parametrize("point", ["privacy.recorded", "privacy.destroyed"])
async def test_an_erasure_that_was_interrupted_is_finished(tmp_path: Path, point: str) -> None:
    def stop(_: str) -> None:
        raise Stop

    async with Engine(url(tmp_path)) as engine:
        run = await engine.start(visits, ann(), id="r-1")
        await engine.settle()
        crash.arm(point, hit=stop)
        with pytest.raises(Stop):
            await engine.forget("c-1")
        crash.disarm()
    async with Engine(url(tmp_path)) as engine:
        key = engine.vault.keys.find("c-1")
        assert key is not None
        assert key.secret is None
        done = await engine.forget("c-1")
        assert (done.before, done.told) == (True, (run.id,))
