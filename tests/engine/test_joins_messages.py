"""Messages: who is given which command, who wins, and what the sender is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from engine import fans, messages
from engine.board import Board, quiet
from engine.messages import Assign, Cancel, Paid
from interlock.engine import Engine, RunFailedError
from interlock.engine.errors import NoReply
from interlock.machines import BadDefinition, Refused, TimedOut
from interlock.store.clock import ManualClock


@pytest.fixture(autouse=True)
def board() -> Iterator[Board]:
    fans.BOARD.append(Board())
    fans.BOARD[-1].patient = False
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
    await engine.settle()


@pytest.mark.parametrize(("hours", "end"), [(3, "too late"), (0, "too late"), (-2, "too late")])
async def test_a_loop_until_a_deadline(engine: Engine, hours: int, end: str) -> None:
    run = await engine.start(messages.job_loop, hours, id="run")
    await engine.settle()
    for job in ("a", "b") if hours > 0 else ():
        await engine.send(run, Assign(job=job))
        await pass_time(engine, hours=1)
    await pass_time(engine, hours=1)
    jobs = ["a", "b"] if hours > 0 else []
    assert await run.result() == [*jobs, end]
    with pytest.raises(Refused, match="Assign was refused: run 'run' is completed"):
        await engine.send(run, Assign(job="late"))


async def test_a_deadline_in_the_past_still_takes_what_has_come() -> None:
    fans.BOARD[-1].patient = True
    async with Engine("memory://", clock=ManualClock()) as engine:
        run = await engine.start(messages.job_loop, 1, id="run")
        await quiet()
        await engine.send(run, Assign(job="a"))
        await quiet()
        await engine.send(run, Assign(job="b"))
        await engine.send(run, Cancel())
        assert isinstance(engine.clock, ManualClock)
        engine.clock.set(engine.clock.now() + timedelta(hours=5))
        fans.BOARD[-1].let("work")
        await quiet()
        fans.BOARD[-1].let("work")
        assert await run.result() == ["a", "b", "cancelled"]


async def test_a_union_is_offered_what_its_where_accepts(engine: Engine) -> None:
    run = await engine.start(messages.job_union, 3, id="run")
    await engine.settle()
    await engine.send(run, Assign(job="light", weight=2))
    await engine.settle()
    assert await run.status() == "waiting"
    with pytest.raises(Refused, match="accepts Assign, Cancel") as refused:
        await engine.send(run, Paid(amount=Decimal(1)))
    assert set(refused.value.accepts) == {"Assign", "Cancel"}
    await engine.send(run, Cancel())
    assert await run.result() == "Cancel"


async def test_received_does_not_wait(engine: Engine) -> None:
    run = await engine.start(messages.peeking, 4, id="run")
    await engine.settle()
    await engine.send(run, Paid(amount=Decimal(1)))
    await engine.send(run, Assign(job="x"))
    for _ in range(4):
        await pass_time(engine, hours=1)
    assert await run.result() == [None, "Paid", "Assign", None]


@pytest.mark.parametrize("winner", ["work", "paid", "soon", "late", "paid early"])
async def test_who_wins_a_race(engine: Engine, board: Board, winner: str) -> None:
    board.patient = True
    run = await engine.start(messages.message_race, 5, id="run")
    if winner == "paid early":
        await engine.send(run, Paid(amount=Decimal(7)))
    await quiet()
    match winner:
        case "work":
            board.let("[work]")
        case "paid":
            await engine.send(run, Paid(amount=Decimal(7)))
        case "soon":
            await engine.send(run, Cancel())
        case _:
            assert isinstance(engine.clock, ManualClock)
            engine.clock.set(engine.clock.now() + timedelta(hours=3))
            await engine.tick()
    name, value = await run.result()
    expected: dict[str, Any] = {
        "work": [5, 50], "paid": Decimal(7), "soon": Cancel(), "late": None,
    }  # fmt: skip
    assert (name, value) == (winner.split(maxsplit=1)[0], expected[winner.split(maxsplit=1)[0]])
    assert not board.open
    assert await engine.store.due(engine.clock.now() + timedelta(days=9)) == []


async def test_two_branches_that_await_the_same_command_take_turns(engine: Engine) -> None:
    run = await engine.start(messages.collectors, 2, id="run")
    answers = [
        await engine.send(run, Paid(amount=Decimal(n)), reply=True, timeout="5 seconds")
        for n in range(1, 5)
    ]
    a, b = await run.result()
    assert sorted([*a, *b]) == [1, 2, 3, 4]
    assert a == sorted(a)
    assert b == sorted(b)
    assert sorted(answers) == sorted([
        f"ann has {a[0]}", f"ann has {sum(a)}", f"bob has {b[0]}", f"bob has {sum(b)}",
    ])  # fmt: skip


async def test_a_command_that_no_branch_waits_for_is_refused(engine: Engine) -> None:
    run = await engine.start(messages.collectors, 1, id="run")
    await engine.settle()
    with pytest.raises(Refused, match="Assign was refused: 'collectors' accepts Paid") as refused:
        await engine.send(run, Assign(job="a"))
    assert refused.value.accepts == ("Paid",)
    assert [e.type for e in (await run.history()).events].count("CommandReceived") == 0


async def test_a_reply_is_what_the_workflow_said(engine: Engine) -> None:
    run = await engine.start(messages.cart_talks, 2, id="run")
    one = await engine.send(run, Assign(job="a"), reply=True, timeout="5 seconds")
    two = await engine.send(run, Assign(job="b", weight=3), reply=True, timeout="5 seconds")
    assert one == {"items": ["a"], "weight": 1}
    assert two == {"items": ["a", "b"], "weight": 3}
    assert await run.result() == ["a", "b"]


async def test_who_has_its_answer_is_forgotten(engine: Engine) -> None:
    run = await engine.start(messages.cart_talks, 2, id="run")
    one, two = await asyncio.gather(
        engine.send(run, Assign(job="a"), reply=True, timeout="30 seconds"),
        engine.send(run, Assign(job="b", weight=3), reply=True, timeout="30 seconds"),
    )
    assert {len(one["items"]), len(two["items"])} == {1, 2}
    assert engine.replies.waiting == {}


async def test_a_command_is_validated_before_it_is_accepted(engine: Engine) -> None:
    run = await engine.start(messages.cart_talks, 2, id="run")
    with pytest.raises(ValidationError):
        await engine.send(run, Assign(job="a", weight=0), reply=True)
    with pytest.raises(Refused, match="accepts Assign, Cancel"):
        await engine.send(run, Paid(amount=Decimal(1)), reply=True)
    await engine.settle()
    assert [e.type for e in (await run.history()).events] == ["RunStarted", "WaitStarted"]


async def test_the_same_command_id_gets_the_same_answer(engine: Engine) -> None:
    run = await engine.start(messages.cart_talks, 2, id="run")
    answers = [
        await engine.send(
            run, Assign(job="a"), command_id="once", reply=True, timeout="5 seconds"
        )
        for _ in range(2)
    ]  # fmt: skip
    assert answers[0] == answers[1] == {"items": ["a"], "weight": 1}
    assert (await run.variables())["items"] == ["a"]


async def test_a_reply_comes_after_a_restart(board: Board, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    board.patient = True
    async with Engine(url) as engine:
        run = await engine.start(messages.cart_talks, 2, id="run")
        with pytest.raises(TimedOut, match="it has the command"):
            await engine.send(
                run, Assign(job="a"), command_id="first", reply=True, timeout="50 ms"
            )  # fmt: skip
    board.patient = False
    async with Engine(url) as engine:
        answer = await engine.send(
            "run", Assign(job="a"), command_id="first", reply=True, timeout="5 seconds"
        )
    assert answer == {"items": ["a"], "weight": 1}
    async with Engine(url) as engine:
        again = await engine.send("run", Assign(job="a"), command_id="first", reply=True)
        assert again == answer


async def test_nobody_answers(engine: Engine) -> None:
    await engine.start(messages.impolite, id="run")
    with pytest.raises(NoReply, match="is completed, and did not answer"):
        await engine.send("run", Assign(job="a"), reply=True)


async def test_a_reply_to_nobody_is_an_error_of_the_workflow(engine: Engine) -> None:
    run = await engine.start(messages.answering_nobody, id="run")
    with pytest.raises((BadDefinition, RunFailedError), match=r"reply\(...\) answers a command"):
        await asyncio.wait_for(run.result(), 5)
    assert not engine.held


async def test_waits_that_were_begun_take_commands_in_their_order(
    engine: Engine, board: Board
) -> None:
    board.patient = True
    run = await engine.start(messages.waits_begun, 1, id="run")
    for amount in (1, 2):
        await engine.send(run, Paid(amount=Decimal(amount)))
    await quiet()
    board.let("work")
    assert await run.result() == [Decimal(2), Decimal(1)]


async def test_what_was_begun_and_cannot_be_meant_ends_the_workflow(engine: Engine) -> None:
    run = await engine.start(messages.begins_nonsense, "no length", id="run")
    with pytest.raises((BadDefinition, RunFailedError), match="no length"):
        await asyncio.wait_for(run.result(), 5)
    assert not engine.held
