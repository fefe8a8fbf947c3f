"""Somebody whose runs are in archives is forgotten: what these hold is listed, and told later."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from interlock.audit import audit
from interlock.engine import Engine, UnknownRun
from interlock.engine.auditing import read_definition
from interlock.engine.evidence import evidence
from interlock.machines import Personal, Subject, step, workflow
from interlock.store import Store, crash
from interlock.store.contract import Appended, Commit
from interlock.store.forgetting import SubjectForgotten


class Guest(BaseModel):
    id: Subject
    name: Personal[str]


@step
async def badge(name: Personal[str]) -> Personal[str]:
    return name.map(str.upper)


@workflow
async def visit(guest: Guest) -> Personal[str]:
    return await badge(guest.name)


@workflow
async def tour(guests: list[Guest]) -> list[Personal[str]]:
    return [await visit(guest) for guest in guests]


def guest(number: int) -> Guest:
    return Guest(id=f"g-{number}", name=Personal(f"Guest Number {number}"))


@asynccontextmanager
async def museum(folder: Path) -> AsyncGenerator[Engine]:
    """Two tours, of guests 1 and 2 and of guest 2 alone, in an archive."""
    async with Engine(f"sqlite:///{folder}/m.db", machines=[tour, visit]) as engine:
        await engine.start(tour, [guest(1), guest(2)], id="both")
        await engine.start(tour, [guest(2)], id="second")
        await engine.settle()
        await engine.archive("0 seconds", folder / "archive")
        yield engine


def sound(engine: Engine) -> bool:
    with engine.store.inspect() as snapshot:
        return audit(snapshot, read_definition).sound


async def result_of(engine: Engine, run: str) -> Any:
    state = (await (await engine.get(run)).history()).state()
    return state.image.plain(state.result)


async def test_what_archives_hold_is_listed_and_told_when_it_comes_back(tmp_path: Path) -> None:
    async with museum(tmp_path) as engine:
        plan = await engine.forget("g-1", dry_run=True)
        assert [(h.run, h.status, Path(h.archive).parent.name) for h in plan.held] == [
            (run, "completed", "archive") for run in ("both", "both/visit#1")
        ]  # fmt: skip
        assert (plan.done, plan.archived, plan.unread) == (False, 0, ())
        done = await engine.forget("g-1", by="dpo", reason="asked")
        assert (done.done, done.held, done.told) == (True, plan.held, ())
        before = await engine.store.position()
        back = await engine.restore("both", by="ann")
        assert await result_of(engine, "both") == ["<forgotten g-1>", "<personal g-2>"]
        assert await result_of(engine, "both/visit#1") == "<forgotten g-1>"
        assert await result_of(engine, "both/visit#2") == "<personal g-2>"
        told = (await engine.store.read("both"))[-1]
        assert told.body == SubjectForgotten("g-1", done.key)
        assert (told.actor.id, told.reason) == ("dpo", "asked")
        assert await engine.store.position() == before + 3  # two were told, and it is recorded
        assert sound(engine)
        again = await engine.forget("g-1")
        assert ([(h.run, h.archive) for h in again.held], again.told) == (
            [(run, "") for run in ("both", "both/visit#1")], (),
        )  # fmt: skip
        assert len(back.runs) == 3
        text = await evidence(engine.store, "both")
        await engine.archive("0 seconds", tmp_path / "once more")
        (older,) = (tmp_path / "archive").glob("*.gz")
        assert (await engine.restore(older)).runs == ["both/visit#2", "second", "second/visit#1"]
        with pytest.raises(UnknownRun):
            await engine.restore("second")
        await engine.restore("both")
        assert await evidence(engine.store, "both") == text
        assert sound(engine)


async def test_archives_that_are_not_there_are_named(tmp_path: Path) -> None:
    async with museum(tmp_path) as engine:
        (tmp_path / "archive").rename(tmp_path / "moved")
        missed = await engine.forget("g-2", dry_run=True)
        assert (missed.held, missed.archived, len(missed.unread)) == ((), 5, 1)
        assert "is not there" in missed.unread[0]
        found = await engine.forget("g-2", dry_run=True, folder=tmp_path / "moved")
        assert ([h.run for h in found.held], found.archived) == (
            ["both", "both/visit#2", "second", "second/visit#1"], 0,
        )  # fmt: skip
        (file,) = (tmp_path / "moved").glob("*.gz")
        file.write_bytes(file.read_bytes()[:-50])
        cut = await engine.forget("g-2", folder=tmp_path / "moved")
        assert (cut.done, cut.archived, len(cut.unread)) == (True, 5, 1)


class Stop(Exception):
    pass


async def test_a_restore_that_is_cut_off_tells_when_it_is_done_again(tmp_path: Path) -> None:
    def stop(_: str) -> None:
        raise Stop

    async with museum(tmp_path) as engine:
        await engine.forget("g-2")
        crash.arm("archive.put_back", hit=stop)
        with pytest.raises(Stop):
            await engine.restore("second")
        crash.disarm()
        assert sound(engine)
        assert (await engine.forget("g-2")).told == ()
        await engine.restore("second")
        assert await result_of(engine, "second") == ["<forgotten g-2>"]
        assert sound(engine)


@pytest.mark.parametrize("late", [False, True])
async def test_who_is_forgotten_while_runs_come_back_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    """At the one moment at which neither the erasure nor the restoring knows of the other."""
    async with museum(tmp_path) as engine:
        store: Store = engine.store
        unarchive = store.unarchive

        async def at_once(
            commit: Commit, runs: Sequence[str], told: Sequence[Commit] = ()
        ) -> Appended:
            if not late:
                await engine.forget("g-2")
            done = await unarchive(commit, runs, told)
            if late:
                await engine.forget("g-2")
            return done

        monkeypatch.setattr(store, "unarchive", at_once)
        await engine.restore("second")
        for run in ("second", "second/visit#1"):
            events = await store.read(run)
            assert sum(isinstance(one.body, SubjectForgotten) for one in events) == 1
        assert await result_of(engine, "second") == ["<forgotten g-2>"]
        assert sound(engine)
