"""Caches, shared calls and debounces: how many calls there are, and what everyone is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from interlock.engine import Engine, UnknownMachine
from interlock.machines import (
    BadDefinition,
    Cache,
    Command,
    Debounce,
    Refused,
    Superseded,
    resource,
    step,
    workflow,
)
from interlock.store.clock import ManualClock
from interlock.store.open import open_store
from resilience import services
from resilience.services import CALLS, DOWN, later


@pytest.fixture(autouse=True)
def _clean() -> None:
    services.forget()


async def test_runs_use_the_results_of_others_until_they_are_too_old(tmp_path: Path) -> None:
    url, clock = f"sqlite:///{tmp_path}/runs.db", ManualClock()
    async with Engine(url, clock=clock) as engine:
        first = await engine.start(services.forecast, "Bern", id="first")
        assert await first.result() == ["weather 1", "its own copy"]
        other = await engine.start(services.forecast, "Rome", id="other")
        assert await other.result() == ["weather 2", "its own copy"]
    async with Engine(url, clock=clock) as engine:
        clock.set(clock.now() + timedelta(minutes=59))
        again = await engine.start(services.forecast, "Bern", id="again")
        assert await again.result() == ["weather 1", "its own copy"]
        (effect,) = (await again.history()).ledger()
        assert (effect.status, effect.attempts) == ("reused", 0)
        assert effect.note == "cache: the result of first"
        (own,) = (await (await engine.get("first")).history()).ledger()
        assert (own.status, own.attempts, own.note) == ("confirmed", 1, "")
        clock.set(clock.now() + timedelta(minutes=1))
        late = await engine.start(services.forecast, "Bern", id="late")
        assert await late.result() == ["weather 3", "its own copy"]


async def test_errors_are_not_kept_unless_asked() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        DOWN.add("weather")
        run = await engine.start(services.forecast, "Oslo", id="bad")
        with pytest.raises(ConnectionError):
            await run.result()
        DOWN.clear()
        assert await (await engine.start(services.forecast, "Oslo", id="good")).result()
        CALLS.clear()
        for number in range(3):
            judged = await engine.start(services.judging, "x", id=f"judge-{number}")
            assert await judged.result() == "unfit: x"
        assert CALLS == ["judge"]
        await later(engine, clock, 60)
        assert await (await engine.start(services.judging, "x", id="late")).result() == "unfit: x"
        assert CALLS == ["judge", "judge"]


@pytest.mark.parametrize(
    ("workflow", "name"), [(services.looking_up, "look_up"), (services.forecast, "weather")]
)
async def test_calls_at_the_same_time_are_one_call(workflow: object, name: str) -> None:
    async with Engine("memory://") as engine:
        services.HELD.append(asyncio.Event())
        runs = [await engine.start(workflow, "tea", id=f"run-{n}") for n in range(9)]  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownVariableType]  # one of two workflows
        while len(engine.gatekeeper.parked) < 8:  # noqa: ASYNC110  the others follow the first
            await asyncio.sleep(0)
        services.HELD[0].set()
        results = [await run.result() for run in runs]  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]  # the same
        assert len({str(result) for result in results}) == 1  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # the same
        assert [name] == CALLS
        notes: list[str] = [(await run.history()).ledger()[0].note for run in runs]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # the same
        assert notes.count("flight: the result of run-0") == 8


async def test_followers_get_the_error_too_and_calls_of_other_keys_are_their_own() -> None:
    async with Engine("memory://") as engine:
        DOWN.add("look_up")
        services.HELD.append(asyncio.Event())
        words = ["tea", "tea", "milk"]
        runs = [await engine.start(services.looking_up, w, id=f"r{n}") for n, w in enumerate(words)]
        await services.calls(2)
        services.HELD[0].set()
        for run in runs:
            with pytest.raises(ConnectionError):
                await run.result()
        assert len(CALLS) == 2


async def test_when_the_leader_is_cancelled_a_follower_makes_the_call() -> None:
    async with Engine("memory://") as engine:
        services.HELD.append(asyncio.Event())
        runs = [await engine.start(services.looking_up, "tea", id=f"run-{n}") for n in range(3)]
        await services.calls(1)
        await engine.cancel(runs[0])
        await services.calls(2)
        while not engine.gatekeeper.parked:  # noqa: ASYNC110  the other follows again
            await asyncio.sleep(0)
        services.HELD[0].set()
        assert await runs[1].result() == await runs[2].result() == "look_up 2"
        assert len(CALLS) == 2
        await engine.settle()
        assert await runs[0].status() == "cancelled"


def test_a_shared_result_cannot_be_undone() -> None:
    def undo(result: str) -> None: ...

    with pytest.raises(BadDefinition, match="split it into two steps"):

        @step(cache=Cache(), compensate=undo)
        async def both() -> str:
            return ""

    with pytest.raises(BadDefinition, match="ttl above zero"):
        Cache(ttl="0 seconds")


async def test_of_a_burst_of_starts_the_last_takes_place(tmp_path: Path) -> None:
    clock, burst = ManualClock(), Debounce("index ann", "5 seconds")
    url = f"sqlite:///{tmp_path}/runs.db"
    async with Engine(url, clock=clock) as engine:
        first = await engine.start(services.indexing, "ann", [1], id="first", debounce=burst)
        await later(engine, clock, 4)
        await engine.start(services.indexing, "ann", [2], id="second", debounce=burst)
        await later(engine, clock, 4)
        assert CALLS == []
        with pytest.raises(Superseded) as caught:
            await first.result()
        assert caught.value.by == "second"
    async with Engine(url, clock=clock) as engine:  # it lasts over a restart
        third = await engine.start(services.indexing, "ann", [3], id="third", debounce=burst)
        alone = await engine.start(services.indexing, "bob", [9], debounce=Debounce("index bob"))
        await later(engine, clock, 5)
        assert sorted(CALLS) == ["index ann", "index bob"]
        assert (await third.result(), await alone.result()) == (3, 9)
        assert [entry.run for entry in await engine.runs()].count("third") == 1
        next_burst = await engine.start(services.indexing, "ann", [4], debounce=burst)
        await later(engine, clock, 5)
        assert await next_burst.result() == 4


async def test_a_debounced_command_is_sent_once_and_says_what_became_of_it() -> None:
    clock, burst = ManualClock(), Debounce("refresh", "2 seconds")
    async with Engine("memory://", clock=clock) as engine:
        run = await engine.start(services.refreshed, "ann", id="run")
        sent = [
            await engine.send_debounced(run, services.Refresh(part=n), burst, by="ann")
            for n in range(3)
        ]
        await later(engine, clock, 2)
        assert await run.result() == 2
        await sent[2].outcome()
        for number in (0, 1):
            with pytest.raises(Superseded) as caught:
                await sent[number].outcome()
            assert caught.value.by == sent[number + 1].id
        refused = await engine.send_debounced(run, services.Refresh(part=7), burst)
        await later(engine, clock, 2)
        with pytest.raises(Refused, match="completed"):
            await refused.outcome()


class Unheard(Command):
    """Of a class that the run knows nothing of."""


async def test_what_cannot_be_carried_out_is_told_and_holds_nothing_up() -> None:
    clock, burst = ManualClock(), Debounce("odd", "2 seconds")
    async with Engine("memory://", clock=clock) as engine:
        run = await engine.start(services.refreshed, "ann", id="run")
        odd = await engine.send_debounced(run, Unheard(), burst)
        nobody = await engine.send_debounced("nobody", Unheard(), Debounce("nobody", "2 seconds"))
        good = await engine.send_debounced(
            run, services.Refresh(part=3), Debounce("good", "2 seconds")
        )
        await later(engine, clock, 2)
        await good.outcome()
        assert await run.result() == 3
        with pytest.raises(Refused, match="Unheard"):
            await odd.outcome()
        with pytest.raises(Refused, match="no run 'nobody'"):
            await nobody.outcome()


def _none(machine: str) -> None: ...


async def test_an_offer_behind_one_of_an_unknown_machine_is_not_left_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, clock, burst = open_store("memory://"), ManualClock(), Debounce("both", "1 second")
    async with Engine(store, clock=clock) as engine:
        await engine.start(services.indexing, "ann", [1], id="first", debounce=burst)
        monkeypatch.setattr(engine.programs, "find", _none)  # as in another program
        await later(engine, clock, 1)
        with pytest.raises(UnknownMachine, match="indexing"):
            await engine.start(services.indexing, "ann", [2], id="second", debounce=burst)
    async with Engine(store, clock=clock) as engine:
        await engine.tick()
        assert await (await engine.get("first")).result() == 1
        run = await engine.start(services.indexing, "ann", [3], id="third", debounce=burst)
        await later(engine, clock, 1)
        assert await run.result() == 3
    await store.close()


async def test_a_burst_that_ended_while_nobody_was_there_is_carried_out(tmp_path: Path) -> None:
    url, clock = f"sqlite:///{tmp_path}/runs.db", ManualClock()
    async with Engine(url, clock=clock) as engine:
        await engine.start(services.indexing, "ann", [1], id="run", debounce=Debounce("one"))
    clock.set(clock.now() + timedelta(hours=1))
    async with Engine(url, clock=clock) as engine:
        await engine.tick()
        assert await (await engine.get("run")).result() == 1


def test_debounces_are_checked() -> None:
    with pytest.raises(BadDefinition, match="key of 1 to"):
        Debounce("")
    with pytest.raises(BadDefinition, match="quiet time above zero"):
        Debounce("key", timedelta())


async def test_a_resource_is_no_part_of_what_makes_calls_the_same() -> None:
    asked: list[str] = []

    @step(cache=Cache())
    async def rate(currency: str, bank: list[str] = resource("bank")) -> int:
        bank.append(currency)
        return len(bank)

    @workflow(name="rating")
    async def rating(currency: str) -> int:
        return await rate(currency)

    resources = {"bank": asked}
    async with Engine("memory://", machines=[rating], resources=resources) as engine:
        for run, currency in (("1", "CHF"), ("2", "CHF"), ("3", "EUR")):
            await (await engine.start(rating, currency, id=run)).result()
    assert asked == ["CHF", "EUR"]


async def test_what_a_gate_or_a_kept_error_answered_is_no_call_in_the_ledger() -> None:
    async with Engine("memory://") as engine:
        for number in range(2):
            await (await engine.start(services.judging, "x", id=f"judge-{number}")).result()
        ledgers = [(await (await engine.get(f"judge-{n}")).history()).ledger() for n in range(2)]
    assert [[effect.attempts for effect in ledger] for ledger in ledgers] == [[1], [0]]
    assert CALLS == ["judge"]
