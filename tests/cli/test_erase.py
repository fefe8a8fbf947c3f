"""`interlock erase`: what would go, and that it is gone."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from cli.kit import Invoke
from interlock.engine import Engine
from interlock.machines import Command, Personal, Subject, wait_for, workflow
from store.personal_kit import found_in


class Guest(BaseModel):
    id: Subject
    name: Personal[str]


class Leave(Command):
    pass


class Bring(Command):
    guest: Guest


@workflow
async def stay(guest: Guest) -> str:
    await wait_for(Leave)
    return str(guest.name)


@workflow
async def visit(room: str) -> str:
    await wait_for(Leave)
    await wait_for(Bring)
    return room


@pytest.fixture
def hotel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "hotel.db"

    async def fill() -> None:
        async with Engine(f"sqlite:///{path}") as engine:
            for number, name in enumerate(["Ann Smithson", "Bob Millington"], 1):
                await engine.start(
                    stay, Guest(id=f"g-{number}", name=Personal(name)), id=f"r-{number}"
                )
            await engine.settle()

    asyncio.run(fill())
    return path


def test_what_goes_is_listed_and_then_gone(il: Invoke, hotel: Path) -> None:
    at = ("--store", f"sqlite:///{hotel}")
    listed = il("erase", "g-1", "--dry-run", *at)
    assert listed.exit_code == 0
    assert "r-1  stay     waiting       1  guest" in listed.output
    assert "r-2" not in listed.output
    assert "Nothing was erased" in listed.output
    refused = il("erase", "g-1", *at)
    assert refused.exit_code == 1
    assert "ILK094" in refused.stderr
    done = json.loads(il("erase", "g-1", "--yes", "--reason", "asked", "--json", *at).stdout)
    assert (done["done"], done["before"], done["told"]) == (True, False, ["r-1"])
    shown = il("show", "r-1", *at).output
    assert "<forgotten g-1>" in shown
    assert "<personal g-2>" in il("show", "r-2", *at).output
    assert "the personal data of g-1 was forgotten" in il("history", "r-1", *at).output
    assert "sound" in il("verify", *at).output
    again = il("erase", "g-1", "--yes", *at)
    assert "g-1 was forgotten before: personal data in 1 event of 1 run" in again.output


def test_no_export_holds_what_is_personal(il: Invoke, hotel: Path, tmp_path: Path) -> None:
    at = ("--store", f"sqlite:///{hotel}")
    for command in (["export", "r-1"], ["history", "r-1", "--json"], ["show", "r-1", "--json"],
                    ["at", "r-1", "--version", "1", "--json"], ["runs", "--json"]):  # fmt: skip
        said = il(*command, *at)
        assert said.exit_code == 0, said.output
        assert "Smithson" not in said.output
    assert found_in(tmp_path, "Ann Smithson", "Bob Millington") == []


def test_an_import_without_its_keys_says_whose_values_cannot_be_read(
    il: Invoke, hotel: Path, tmp_path: Path
) -> None:
    at, other = ("--store", f"sqlite:///{hotel}"), ("--store", f"sqlite:///{tmp_path}/o.db")
    text = il("export", "r-1", *at).stdout
    taken = il("import", "-", "--unfinished", *other, input=text)
    assert taken.exit_code == 0
    assert "personal values of g-1 cannot be read here" in taken.stderr
    again = il("import", "-", "--unfinished", "--json", *other, input=text)
    assert json.loads(again.stdout)["unreadable"] == ["g-1"]
    assert il("export", "r-1", *other).stdout == text
    assert il("erase", "g-1", "--yes", *at).exit_code == 0
    later = il("export", "r-1", *at).stdout
    third = ("--store", f"sqlite:///{tmp_path}/third.db")
    told = il("import", "-", "--unfinished", *third, input=later)
    assert "cannot be read" not in told.stderr  # it says that the person was forgotten
    keys = hotel.with_name("hotel-keys.db").rename(tmp_path / "o-keys.db")
    forgotten = il("import", "-", "--unfinished", "--json", *other, input=text)
    assert json.loads(forgotten.stdout)["unreadable"] == []  # it was here, and is destroyed
    assert keys.exists()


def test_without_its_key_store_nothing_is_done(il: Invoke, hotel: Path) -> None:
    at = ("--store", f"sqlite:///{hotel}")
    keys = hotel.with_name("hotel-keys.db")
    keys.rename(hotel.with_name("elsewhere.db"))
    said = il("erase", "g-1", "--yes", *at)
    assert said.exit_code == 1
    assert "ILK212" in said.stderr
    assert not keys.exists()
    assert "<personal g-1>" in il("show", "r-1", *at).output  # what only reads needs no key
    assert "sound" in il("verify", *at).output


def test_an_id_that_nobody_has_is_not_burned(il: Invoke, hotel: Path) -> None:
    refused = il("erase", "g-99", "--yes", "--store", f"sqlite:///{hotel}")
    assert refused.exit_code == 1
    assert "'g-99' has no key, and the log holds nothing of it" in refused.stderr
    assert "no personal data found, and it has no key" in (
        il("erase", "g-99", "--dry-run", "--store", f"sqlite:///{hotel}").output
    )


def test_archived_runs_are_told_of(il: Invoke, hotel: Path, tmp_path: Path) -> None:
    at = ("--store", f"sqlite:///{hotel}")
    assert il("send", "r-1", "Leave", "--app", "cli.test_erase", *at).exit_code == 0
    moved = il("archive", "--older", "0 seconds", "--to", str(tmp_path / "archives"), *at)
    assert moved.exit_code == 0, moved.output
    (tmp_path / "archives").rename(tmp_path / "moved")
    looked = il("erase", "g-1", "--dry-run", *at).output
    assert "no personal data found; 1 archived run not looked into" in looked
    assert "not looked into: " in looked
    there = ("--from", str(tmp_path / "moved"))
    looked = il("erase", "g-1", "--dry-run", *there, *at).output
    assert "r-1  stay     completed, archived       1  guest" not in looked  # it has ended
    assert "r-1  stay     completed, archived       1" in looked
    assert "personal data in 1 event of 1 run (1 archived), and its key is" in looked
    done = il("erase", "g-1", "--yes", *at).output
    assert "1 archived run not looked into, which cannot be read without the key either" in done
    back = il("restore", "r-1", *there, *at)
    assert back.exit_code == 0, back.output
    assert "the personal data of g-1 was forgotten" in il("history", "r-1", *at).output
    assert "sound" in il("verify", *at).output


def test_a_command_that_was_kept_says_that_its_values_are_gone(il: Invoke, hotel: Path) -> None:
    at = ("--store", f"sqlite:///{hotel}")

    async def sent() -> None:
        async with Engine(f"sqlite:///{hotel}", machines=[stay, visit]) as engine:
            await engine.start(visit, "101", id="v-1")
            for number in (1, 2):
                guest = Guest(id=f"g-{number}", name=Personal("Carla Newman"))
                await engine.send("v-1", Bring(guest=guest))
            await engine.settle()

    asyncio.run(sent())
    assert il("erase", "g-1", "--yes", *at).exit_code == 0
    shown = il("show", "v-1", *at).output
    assert "<forgotten g-1>" in shown
    assert "<personal g-1>" not in shown
    assert "<personal g-2>" in shown
    assert "<personal g-1>" not in il("show", "v-1", "--json", *at).output
