"""Cancellation: it reaches what is under way, it is recorded, and what waited is closed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest

from engine import cancels, fans
from engine.board import Board, quiet
from engine.cancels import Paid
from interlock.engine import Engine, RunCancelledError
from interlock.machines import Refused
from interlock.store.clock import ManualClock


@pytest.fixture(autouse=True)
def board() -> Iterator[Board]:
    fans.BOARD.append(Board())
    cancels.SAID.clear()
    yield fans.BOARD[-1]
    fans.BOARD.pop()


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with Engine("memory://", clock=ManualClock()) as engine:
        yield engine


async def pass_time(engine: Engine, **by: float) -> None:
    assert isinstance(engine.clock, ManualClock)
    engine.clock.set(engine.clock.now() + timedelta(**by))
    await engine.tick()
    await quiet()


async def stops(engine: Engine, run: str = "run") -> list[tuple[str, str, bool]]:
    events = await engine.store.read(run)
    bodies: list[Any] = [event.body for event in events if event.type == "ActivityStopped"]
    return [(body.activity, body.reason, body.over) for body in bodies]


async def test_those_who_lose_a_race_are_cancelled(engine: Engine, board: Board) -> None:
    run = await engine.start(cancels.losing, 5, id="run")
    await quiet()
    assert {key.split("/", 1)[1] for key in board.open} == {
        "race:quick+slow+paid+ask#1[quick]", "race:quick+slow+paid+ask#1[slow]/work#1",
    }  # fmt: skip
    assert [a.name for a in await engine.approvals()] == ["boss"]
    board.let("[quick]")
    await quiet()
    assert [key.rpartition("/")[2] for key in board.cancelled] == ["work#1"]
    assert await engine.approvals() == []
    with pytest.raises(Refused, match="boss"):
        await engine.approve("run", "boss", by="ann")
    assert await run.state() == "race:quick+slow+paid+ask"
    board.let("tidy")
    await quiet()
    assert await run.state() == "after"
    board.let("after")
    assert await run.result() == ["quick", [5, 50], [0, 0]]
    assert cancels.SAID == ["boss: another one won", "tidied 6"]
    race = "race:quick+slow+paid+ask#1"
    assert await stops(engine) == [
        (race, "another one won", False),
        (f"{race}[slow]", "another one won", False),
        (f"{race}[paid]", "another one won", True),
        (f"{race}[ask]", "another one won", False),
        (f"{race}[slow]/work#1", "cancelled", False),
        (f"{race}[slow]/work#1", "cancelled", True),
    ]


async def test_when_one_fails_its_siblings_are_cancelled(engine: Engine, board: Board) -> None:
    run = await engine.start(cancels.failing, 5, id="run")
    await quiet()
    kid = next(e.run for e in await engine.runs() if e.machine == "minor")
    board.let("#1[0]")
    await quiet()
    assert await run.state() == "parallel:work+tidy+asking+minor+sleep"
    assert await (await engine.get(kid)).status() == "cancelled"
    board.let("tidy#2")
    assert await run.result() == "('item -1', -1)"
    assert sorted(cancels.SAID) == ["boss: another one failed", "tidied 5"]
    assert await engine.store.due(engine.clock.now() + timedelta(days=2)) == []
    with pytest.raises(Refused, match=r"was withdrawn at .*: another one failed"):
        await engine.approve("run", "boss", by="ann")


async def test_a_run_is_cancelled_with_all_that_it_does(engine: Engine, board: Board) -> None:
    run = await engine.start(cancels.everything, 5, id="run")
    await quiet()
    assert len(board.open) == 4
    await engine.cancel(run, by="ann", reason="enough")
    await quiet()
    assert len(board.cancelled) == 3, "the handle is cancelled when the run ends"
    board.let("tidy")
    await quiet()
    with pytest.raises(RunCancelledError, match="enough"):
        await run.result()
    assert sorted(cancels.SAID) == ["boss: cancelled", "the run saw it", "tidied 6"]
    assert {e.status for e in await engine.runs()} == {"cancelled"}
    assert not board.open
    with pytest.raises(Refused, match="is cancelled"):
        await engine.cancel(run)


async def test_handles_are_cancelled(engine: Engine, board: Board) -> None:
    run = await engine.start(cancels.taking_back, 5, id="run")
    await quiet()
    await pass_time(engine, minutes=2)
    board.let("tidy")
    said = await run.result()
    gone = "Err(error=CancelledError('its handle was cancelled'))"
    assert said[2] == gone
    assert [one.split("(")[0] for one in said] == ["Err"] * 4 + ["cancelled"]
    assert all("CancelledError" in one for one in said[:4])
    assert (await (await engine.get("kid")).status()) == "cancelled"
    assert len(board.cancelled) == 3


@pytest.mark.parametrize("policy", ["cancel", "abandon"])
async def test_a_child_that_fails_fails_its_parent(
    engine: Engine, board: Board, policy: str
) -> None:
    run = await engine.start(cancels.parent_of_one, policy, id="run")
    await quiet()
    board.open["kid/work#1"].set_exception(fans.Bad("broken", 1))
    assert await run.result() == "caught ('broken', 1)"


@pytest.mark.parametrize("policy", ["cancel", "abandon"])
async def test_a_child_that_is_cancelled_is_an_error_of_its_parent(
    engine: Engine, board: Board, policy: str
) -> None:
    run = await engine.start(cancels.parent_of_one, policy, id="run")
    await quiet()
    await engine.cancel("kid", by="ann", reason="not wanted")
    with pytest.raises(Exception, match="child 'kid' was cancelled: not wanted"):
        await run.result()
    assert await run.status() == "failed"


@pytest.mark.parametrize("policy", ["cancel", "abandon"])
async def test_a_parent_that_is_cancelled(engine: Engine, board: Board, policy: str) -> None:
    run = await engine.start(cancels.parent_of_one, policy, id="run")
    await quiet()
    await engine.cancel(run, reason="enough")
    with pytest.raises(RunCancelledError, match="enough"):
        await run.result()
    kid = await engine.get("kid")
    if policy == "cancel":
        assert await kid.status() == "cancelled"
        assert board.cancelled == ["kid/work#1"]
    else:
        board.let("kid")
        assert await kid.result() == [1, 10, 1]


@pytest.mark.parametrize("how", ["return", "raise"])
async def test_what_was_never_awaited_is_stopped_at_the_end(
    engine: Engine, board: Board, how: str
) -> None:
    run = await engine.start(cancels.leaving_behind, how, id="run")
    await quiet()
    await pass_time(engine, minutes=2)
    assert await run.status() == "running", "a branch has to clean up"
    assert [e.type for e in (await run.history()).events].count("RunEnding") == 1
    board.let("tidy")
    if how == "return":
        made = await run.result()
        assert made == [[1], [1], "x" * 100]
    else:
        with pytest.raises(fans.Bad) as raised:
            await run.result()
        assert raised.value.args == ("left", 7)
    assert sorted(cancels.SAID) == ["boss: the workflow has ended", "tidied 2"]
    assert await (await engine.get("kid")).status() == "cancelled"
    assert await (await engine.get("free")).status() == "running"
    board.let("free")
    assert await (await engine.get("free")).result() == [4, 40, 4]
    with pytest.raises(Refused):
        await engine.send("run", Paid(amount=1))


async def test_the_items_that_were_never_begun_are_never_begun(
    engine: Engine, board: Board
) -> None:
    run = await engine.start(cancels.all_lost, [1, 2, 3, 4], id="run")
    await quiet()
    await engine.cancel(run)
    await quiet()
    board.let("[0]/tidy", "[1]/tidy")
    with pytest.raises(RunCancelledError):
        await run.result()
    assert sorted(cancels.SAID) == ["tidied 1", "tidied 2"]
    assert not any("[2]" in key or "[3]" in key for key in board.made)
