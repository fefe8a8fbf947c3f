"""An undo that fails waits for a person, while the others go on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.trouble import Troubled
from interlock.engine import Engine, Notice, Run, RunCancelledError
from interlock.machines import BadDefinition, Refused, Retry, TimedOut, current, step, workflow
from interlock.projections import ledger
from interlock.store.event import Actor
from interlock.store.vocabulary import UndoFailed

CALLS: list[str] = []
BROKEN: list[str] = []
"""Undos that raise, once for each time they are named here."""


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    for made in (CALLS, BROKEN):
        made.clear()
    yield
    for made in (CALLS, BROKEN):
        made.clear()


async def undo(name: str) -> None:
    CALLS.append(f"undo {name}")
    if name in BROKEN:
        BROKEN.remove(name)
        message = f"{name} cannot be undone now"
        raise OSError(message)


@step(compensate=undo, compensate_retry=Retry.none)
async def act(name: str) -> str:
    CALLS.append(name)
    return name


@step(irreversible="a letter cannot be unsent")
async def post() -> None:
    CALLS.append("post")


@step
async def fail() -> None:
    message = "at last"
    raise ValueError(message)


@workflow
async def three(failing: int) -> str:
    for number in range(1, 4):
        if number == failing:
            await fail()
        await act(f"act {number}")
    await post()
    await fail()
    return "never"


async def settled(engine: Engine, run: Run[Any], status: str) -> None:
    for _ in range(500):
        await engine.settle()
        if await run.status() == status:
            return
        await asyncio.sleep(0.002)  # a retry is due in a moment
    assert await run.status() == status


async def test_the_other_undos_go_on_and_the_run_waits_visibly() -> None:
    BROKEN.append("act 2")
    async with Engine("memory://") as engine:
        run = await engine.start(three, 0, id="run")
        await settled(engine, run, "undo failed")
        assert CALLS[-3:] == ["undo act 3", "undo act 2", "undo act 1"]
        (entry,) = await engine.runs(status="undo failed")
        assert (entry.waits, entry.waits_for, entry.state) == (
            "person", "undo act", "compensating",
        )  # fmt: skip
        state = await run.snapshot()
        assert state.compensation is not None
        assert state.compensation.undone == ["act#3", "act#1"]
        effects = {e.activity: e.status for e in (await run.history()).ledger()}
        assert effects["act#2"] == "not compensated"
        await engine.undo(run, "act#2", "retry", by="ann", reason="it is up again")
        with pytest.raises(ValueError, match="at last"):
            await run.result()
        assert await run.status() == "compensated"
        last = (await run.history()).events[-1].body
        assert getattr(last, "undone", None) == ["act#3", "act#1", "act#2"]
        assert getattr(last, "stays", None) == ["post#4"]
        assert (await run.snapshot()).irreversible[0].why == "a letter cannot be unsent"
    assert CALLS.count("undo act 2") == 2


@pytest.mark.parametrize(
    ("answer", "status", "effect"),
    [("resolve", "compensated", "compensated"), ("skip", "compensation failed", "not compensated")],
)
async def test_a_person_resolves_or_skips(answer: Any, status: str, effect: str) -> None:
    BROKEN.append("act 3")
    store = Troubled()
    async with Engine(store) as engine:
        run = await engine.start(three, 0, id="run")
        await settled(engine, run, "undo failed")
    async with Engine(store) as engine:
        run = await engine.get("run")
        await engine.settle()
        assert await run.status() == "undo failed"
        await engine.undo(run, "act", answer, by="ann", reason="by hand")
        assert (await run.wait()).status == status
        history = await run.history()
        decided = next(e for e in history.events if e.type in ("UndoResolved", "UndoSkipped"))
        assert decided.actor == Actor("user", "ann")
        assert getattr(decided.body, "reason", "") == "by hand"
        assert {e.activity: e.status for e in history.ledger()}["act#3"] == effect
    assert CALLS.count("undo act 3") == 1


async def test_what_cannot_be_answered_is_refused() -> None:
    BROKEN.append("act 3")
    async with Engine("memory://") as engine:
        run = await engine.start(three, 0, id="run")
        await settled(engine, run, "undo failed")
        with pytest.raises(Refused, match=r"no undo of 'ship' .* waits for a person; failed: act"):
            await engine.undo(run, "ship", "skip", by="ann", reason="hm")
        for by, reason in (("", "why"), ("ann", "")):
            with pytest.raises(Refused, match="needs to know who decides"):
                await engine.undo(run, "act", "skip", by=by, reason=reason)
        with pytest.raises(Refused, match="'forget' is no answer"):
            await engine.undo(run, "act", "forget", by="ann", reason="hm")  # type: ignore[arg-type]  # the point
        with pytest.raises(Refused, match="cannot be cancelled any more"):
            await engine.cancel(run)
        await engine.undo(run, "act", "skip", by="ann", reason="small")
        await run.wait()
        with pytest.raises(Refused, match="waits for a person; failed: none"):
            await engine.undo(run, "act", "skip", by="ann", reason="small")


async def test_a_retry_by_a_person_has_the_whole_schedule_again() -> None:
    BROKEN.extend(["flaky"] * 5)
    async with Engine("memory://") as engine:
        run = await engine.start(flaking, id="run")
        await settled(engine, run, "undo failed")
        assert CALLS.count("undo flaky") == 3
        await engine.undo(run, "flaky", "retry", by="ann", reason="again")
        assert (await run.wait()).status == "compensated"
        keys = {e.key for e in (await run.history()).ledger() if e.activity.startswith("undo")}
        assert keys == {"run/undo flaky#1"}
    assert CALLS.count("undo flaky") == 6


@step(compensate=undo, compensate_retry=Retry(attempts=3, initial="1 ms", jitter=0))
async def flaky() -> str:
    return "flaky"


@workflow
async def flaking() -> None:
    await flaky()
    await fail()


async def test_a_skipped_undo_of_a_cancelled_run_is_told() -> None:
    BROKEN.append("act 1")
    async with Engine("memory://") as engine:
        run = await engine.start(held_up, id="run")
        while "waits" not in CALLS:  # noqa: ASYNC110  the step tells nobody else
            await asyncio.sleep(0.001)
        await engine.cancel(run, by="ann", reason="no longer")
        await settled(engine, run, "undo failed")
        await engine.undo(run, "act", "resolve", by="bob", reason="done by phone")
        with pytest.raises(RunCancelledError, match="no longer"):
            await run.result()


@step
async def waits() -> None:
    CALLS.append("waits")
    await asyncio.Event().wait()


@workflow
async def held_up() -> None:
    await act("act 1")
    await waits()


async def stuck(name: str) -> None:
    CALLS.append(f"{current().key} {current().step}")
    await asyncio.Event().wait()


@step(compensate=stuck, compensate_timeout="5 ms", compensate_retry=Retry.none, timeout="10 days")
async def slow() -> str:
    return "slow"


@step(timeout="5 ms")
async def lasting_undo(name: str) -> None:
    await asyncio.Event().wait()


@step(compensate=lasting_undo, compensate_retry=Retry.none)
async def undone_by_a_step() -> str:
    return "x"


@workflow
async def slow_undos() -> None:
    await slow()
    await undone_by_a_step()
    await fail()


async def test_an_undo_has_a_timeout_of_its_own() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(slow_undos, id="run")
        await settled(engine, run, "undo failed")
        failed = [e.body for e in (await run.history()).events if isinstance(e.body, UndoFailed)]
        assert [f.error.type for f in failed] == [TimedOut.__name__] * 2
        assert [f.of for f in failed] == ["undone_by_a_step#2", "slow#1"]
    assert CALLS == ["run/undo slow#1 stuck"]


def test_irreversible_excludes_an_undo() -> None:
    with pytest.raises(BadDefinition, match="not both"):
        step(compensate=undo, irreversible="no")


async def test_somebody_is_told_of_a_failed_undo() -> None:
    told: list[Notice] = []
    heard = asyncio.Event()

    async def notify(notice: Notice) -> None:
        told.append(notice)
        heard.set()

    BROKEN.append("act 3")
    async with Engine("memory://", notify=notify) as engine:
        run = await engine.start(three, 0, id="run")
        await settled(engine, run, "undo failed")
        await heard.wait()
        await settled(engine, run, "undo failed")
        (notice,) = told
        assert (notice.kind, notice.run, notice.name) == ("failure", "run", "undo")
        assert notice.error == "OSError: act 3 cannot be undone now"
        assert "Notified" in [event.type for event in (await run.history()).events]
        assert not any(activity.alarms for activity in (await run.snapshot()).pending.values())


Answer: TypeAlias = tuple[Any, int, bool]
"""What a person says, about which of the undos that wait, and whether after a restart."""


@given(
    failing=st.integers(0, 3),
    broken=st.lists(st.sampled_from(["act 1", "act 2", "act 3"]), max_size=6),
    answers=st.lists(
        st.tuples(st.sampled_from(["retry", "resolve", "skip"]), st.integers(0, 2), st.booleans()),
        max_size=8,
    ),
)
def test_exactly_what_was_done_is_undone_once_newest_first(
    failing: int, broken: list[str], answers: list[Answer]
) -> None:
    """Against a plain model of the stack; with restarts where the booleans say so."""
    asyncio.run(law(failing, broken, answers))


async def law(
    failing: int, broken: Sequence[str], answers: Sequence[tuple[Any, int, bool]]
) -> None:
    CALLS.clear()
    BROKEN[:] = broken
    done = [f"act {n}" for n in range(1, failing or 4)]
    left = list(broken)
    expected, waiting, skipped = (
        [f"undo {name}" for name in reversed(done)],
        list[str](),
        list[str](),
    )
    for name in reversed(done):
        if name in left:
            left.remove(name)
            waiting.append(name)
    store = Troubled()
    engine = Engine(store)
    await engine.__aenter__()
    run = await engine.start(three, failing, id="run")
    await settled(engine, run, _status(waiting, skipped, done))
    plan: list[Answer] = [*answers, *(("skip", 0, False) for _ in done)]
    for answer, which, restarts in plan:
        if restarts:
            await engine.close()
            engine = Engine(store)
            await engine.__aenter__()
            run = await engine.get("run")
        if waiting:
            name = waiting[which % len(waiting)]
            activity = f"act#{done.index(name) + 1}"
            await engine.undo(run, activity, answer, by="ann", reason="so")
            if answer == "retry":
                expected.append(f"undo {name}")
                if name in left:
                    left.remove(name)
                    waiting.remove(name)
                    waiting.append(name)
                else:
                    waiting.remove(name)
            else:
                waiting.remove(name)
                if answer == "skip":
                    skipped.append(name)
        await settled(engine, run, _status(waiting, skipped, done))
    state = await run.snapshot()
    effects = ledger((await run.history()).events)
    await engine.close()
    assert [call for call in CALLS if call.startswith("undo")] == expected
    kept = {f"act#{done.index(name) + 1}" for name in skipped}
    for effect in effects:
        if effect.step == "act":
            wanted = "not compensated" if effect.activity in kept else "compensated"
            assert effect.status == wanted
    assert state.stack == []


def _status(waiting: list[str], skipped: list[str], done: list[str]) -> str:
    if waiting:
        return "undo failed"
    if skipped:
        return "compensation failed"
    return "compensated" if done else "failed"
