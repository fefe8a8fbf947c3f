"""Personal data in runs: encrypted wherever it is recorded, revealed where it is used."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from interlock.engine import Engine
from interlock.engine.rehearsing import rehearse
from interlock.machines import (
    Command,
    HandlerFailed,
    Lifecycle,
    Personal,
    Retry,
    Subject,
    after,
    on,
    step,
    wait_for,
    workflow,
)
from interlock.projections import NotOfThatType
from interlock.store import ManualClock
from interlock.store.forgetting import STREAM, KeyStoreBound
from interlock.store.keystores import SQLiteKeys
from interlock.store.secrecy import KeyStoreLost
from store.personal_kit import found_in

NAME, MAIL, TEXT = "Ann Smithson", "ann@example.org", "what I wanted to say"


class Customer(BaseModel):
    id: Subject
    name: Personal[str]
    email: Personal[str]


class Note(Command):
    customer: Subject
    text: Personal[str]


class Bounced(Exception):
    def __init__(self, address: str) -> None:
        super().__init__(f"no such address: {address}")
        self.address = address


SENT: list[str] = []


@step
async def mail(to: Personal[str], text: Personal[str] | None = None) -> str:
    SENT.append(to.reveal() + (text.reveal() if text else ""))
    return "sent"


@step(raises=(Bounced,), retry=Retry.standard)
def probe(to: Personal[str]) -> str:
    raise Bounced(to.reveal())


@workflow
async def welcome(customer: Customer) -> Customer:
    upper = customer.email.map(str.upper)
    await mail(upper)
    why = ""
    try:
        await probe(customer.email)
    except Bounced as error:
        why = str(error) + error.address
    note = await wait_for(Note)
    await mail(upper, note.text)
    if why != "no such address: <personal><personal>":
        raise ValueError(why)
    return customer


def databases(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*.db"))


def ann() -> Customer:
    return Customer(id="c-7", name=Personal(NAME), email=Personal(MAIL))


async def test_nothing_of_a_run_with_personal_data_is_in_its_files(tmp_path: Path) -> None:
    SENT.clear()
    url = f"sqlite:///{tmp_path}/shop.db"
    async with Engine(url, machines=[welcome]) as engine:
        run = await engine.start(welcome, ann(), id="r-1")
        await engine.start(welcome, ann(), id="r-1")  # the same input, found again
        await engine.settle()
    async with Engine(url, machines=[welcome]) as engine:
        run = await engine.get("r-1")
        variables: Any = await run.variables()
        assert variables["customer"]["email"] == "<personal c-7>"
        note = Note(customer="c-7", text=Personal(TEXT))
        await engine.send("r-1", note)
        result = await run.result()
        assert isinstance(result, Customer)
        assert found_in(tmp_path, NAME, MAIL, MAIL.upper(), TEXT) == []
        bound = (await engine.store.read(STREAM))[0].body
        assert bound == KeyStoreBound(SQLiteKeys(tmp_path / "shop-keys.db").identity())
        assert (await engine.store.log())[0].body == bound
    assert result.email.reveal() == MAIL  # also when the engine is closed
    assert [MAIL.upper(), MAIL.upper() + TEXT] == SENT
    assert found_in(tmp_path, NAME, MAIL, MAIL.upper(), TEXT) == []


async def test_an_engine_without_the_key_store_of_its_log_does_not_open(tmp_path: Path) -> None:
    url, keys = f"sqlite:///{tmp_path}/shop.db", tmp_path / "shop-keys.db"
    async with Engine(url) as engine:
        await engine.start(welcome, ann(), id="r-1")
        await engine.settle()
    away = keys.rename(tmp_path / "away.db")
    with pytest.raises(KeyStoreLost, match=r"shop-keys\.db is not there"):
        async with Engine(url):
            pass
    assert not keys.exists()
    async with Engine(url, keys=away) as engine:
        variables: Any = await (await engine.get("r-1")).variables()
        assert variables["customer"]["id"] == "c-7"


async def test_a_log_without_personal_data_has_no_key_store(tmp_path: Path) -> None:
    @workflow
    async def plain(number: int) -> int:
        return number

    async with Engine(f"sqlite:///{tmp_path}/shop.db") as engine:
        assert await (await engine.start(plain, 1)).result() == 1
        assert await engine.store.read(STREAM) == []
    assert databases(tmp_path) == ["shop.db"]


async def test_a_deploy_is_rehearsed_with_the_keys_where_they_are(tmp_path: Path) -> None:
    url, keys = f"sqlite:///{tmp_path}/shop.db", tmp_path / "shop-keys.db"
    async with Engine(url) as engine:
        await engine.start(welcome, ann(), id="r-1")
        await engine.settle()
    before = keys.read_bytes()
    (found,) = await rehearse(url, [welcome])
    assert (found.run, found.held) == ("r-1", "")
    assert keys.read_bytes() == before
    keys.unlink()
    with pytest.raises(KeyStoreLost):
        await rehearse(url, [welcome])


async def test_a_run_whose_key_store_is_lost_stands_still_and_goes_on_when_it_is_back(
    tmp_path: Path,
) -> None:
    url, keys = f"sqlite:///{tmp_path}/shop.db", tmp_path / "shop-keys.db"
    async with Engine(url) as engine:
        run = await engine.start(welcome, ann(), id="r-1")
        await engine.settle()
        away = keys.rename(tmp_path / "away.db")
        with pytest.raises(KeyStoreLost):
            await engine.send("r-1", Note(customer="c-7", text=Personal(TEXT)))
        with pytest.raises(KeyStoreLost):
            await engine.start(welcome, ann(), id="r-2")
        assert await engine.store.entry("r-2") is None
        assert not keys.exists()
        away.rename(keys)
        await engine.send("r-1", Note(customer="c-7", text=Personal(TEXT)))
        assert (await run.result()).email.reveal() == MAIL


class Matter(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Affair(Lifecycle[Matter, Customer], initial=Matter.OPEN, final={Matter.CLOSED}):
    @after("1 hour", source=Matter.OPEN, target=Matter.CLOSED)
    def close(self, data: Customer) -> Customer:
        raise ValueError(f"{data.name.reveal()} cannot be closed")

    @on(Note, source=Matter.OPEN, target=Matter.CLOSED)
    def note(self, data: Customer, command: Note) -> Customer:
        raise ValueError(f"{data.name.reveal()} said {command.text.reveal()}")


async def test_what_a_lifecycle_raises_says_nothing_personal_in_the_log(tmp_path: Path) -> None:
    clock = ManualClock()
    async with Engine(f"sqlite:///{tmp_path}/shop.db", clock=clock) as engine:
        await engine.start(Affair, ann(), id="r-1")
        with pytest.raises(HandlerFailed):
            await engine.send("r-1", Note(customer="c-7", text=Personal(TEXT)))
        clock.set(clock.now() + timedelta(hours=2))
        await engine.tick()
        await engine.settle()
        entry = await engine.store.entry("r-1")
        assert entry is not None
        assert "<personal> cannot be closed" in entry.waits_for
    assert found_in(tmp_path, NAME, TEXT) == []


@step
def read_answer() -> Customer:
    return Customer.model_validate({"id": "c-7", "name": NAME, "email": [NAME]})


@workflow
async def reads() -> str:
    try:
        return (await read_answer()).id
    except Exception as error:
        return str(error)


async def test_what_a_step_wraps_is_not_told_by_its_error_either(tmp_path: Path) -> None:
    async with Engine(f"sqlite:///{tmp_path}/shop.db") as engine:
        said = await (await engine.start(reads)).result()
        assert "valid string" in said
        assert NAME not in said
    assert found_in(tmp_path, NAME) == []


async def test_a_fork_says_why_a_personal_value_is_not_set_and_takes_a_whole_person(
    tmp_path: Path,
) -> None:
    async with Engine(f"sqlite:///{tmp_path}/shop.db", machines=[welcome]) as engine:
        await engine.start(welcome, ann(), id="r-1")
        await engine.settle()
        with pytest.raises(NotOfThatType, match="encrypted with its subject's key; set the whole"):
            await engine.fork("r-1", set={"customer.email": "bo@example.org"})
        bo = {"id": "c-8", "name": "Bo", "email": "bo@example.org"}
        fork = await engine.fork("r-1", set={"customer": bo}, effects="ask")
        variables: Any = await fork.variables()
        assert variables["customer"] == {
            "id": "c-8", "name": "<personal c-8>", "email": "<personal c-8>",
        }  # fmt: skip
    assert found_in(tmp_path, "bo@example.org") == []
