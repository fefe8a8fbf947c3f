"""A store with faults: each kind does what it says, and what was kept is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from interlock.engine import Engine
from interlock.machines import Retry, parallel, step, workflow
from interlock.store import (
    AnswerLost,
    Appended,
    Commit,
    Conflict,
    Event,
    Head,
    StoreBusy,
    StoreClosed,
    StoreError,
    open_store,
)
from interlock.testing.fault import KINDS, Chances, Fault, FaultKind
from interlock.testing.faulty import FaultyStore
from store.samples import commit

SHORT = timedelta(milliseconds=1)


def outcome_of(fault: Fault) -> tuple[object, int, int]:
    """What one append ends with under a fault, what was kept of it, and who was told."""

    async def scene() -> tuple[object, int, int]:
        inner = open_store("memory://")
        store = FaultyStore(inner, [fault])
        told: list[object] = []
        store.on_append(told.append)
        outcome: object
        try:
            outcome = (await store.append(commit("order-1"))).head.version
        except StoreError as error:
            outcome = type(error)
        assert store.happened == [fault]
        assert len(store.acknowledged) == 2 * len(told)
        return outcome, await inner.position(), len(told)

    return asyncio.run(scene())


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("refuse", (StoreBusy, 0, 0)),
        ("lose request", (AnswerLost, 0, 0)),
        ("lose answer", (AnswerLost, 2, 0)),
        ("late", (AnswerLost, 0, 0)),
        ("repeat", (2, 2, 1)),
        ("delay", (2, 2, 1)),
        ("slow answer", (2, 2, 1)),
        ("crash before", (StoreClosed, 0, 0)),
        ("crash after", (StoreClosed, 2, 0)),
    ],
)
def test_each_fault_does_what_it_says(kind: FaultKind, expected: object) -> None:
    assert outcome_of(Fault(kind, by=SHORT)) == expected


def test_every_kind_is_tried_and_told() -> None:
    said = {str(Fault(kind, by=SHORT)) for kind in KINDS}
    assert len(said) == len(KINDS) == 9
    assert "late at append 1 by 0.001 s" in said


def in_a_loop(scenario: Callable[[], Awaitable[None]]) -> None:
    async def scene() -> None:
        await scenario()

    asyncio.run(scene())


def test_a_late_request_arrives_after_others_and_is_fenced() -> None:
    async def scenario() -> None:
        inner = open_store("memory://")
        faults = [Fault("late", by=SHORT), Fault("late", nth=2, by=SHORT)]
        store = FaultyStore(inner, faults)
        for _ in faults:
            with pytest.raises(AnswerLost) as caught:
                await store.append(commit("order-1"))
            assert isinstance(caught.value, Conflict)
            assert (caught.value.stream, caught.value.expected) == ("order-1", 0)
        assert await inner.position() == 0
        await asyncio.gather(*store.on_their_way)
        assert await inner.position() == 2
        assert not store.acknowledged

    in_a_loop(scenario)


def test_after_a_crash_a_new_wrapper_finds_what_was_kept() -> None:
    async def scenario() -> None:
        inner = open_store("memory://")
        store = FaultyStore(inner, [Fault("crash after", nth=2)])
        assert store.acquire_worker()
        head = (await store.append(commit("order-1"))).head
        with pytest.raises(StoreClosed):
            await store.append(commit("order-1", head))
        for call in (store.position, lambda: store.append(commit("order-2")), store.log):
            with pytest.raises(StoreClosed):
                await call()
        again = FaultyStore(inner)
        assert again.acquire_worker()
        assert (await again.head("order-1")).version == 4
        assert {event.version for event in store.acknowledged} == {1, 2}

    in_a_loop(scenario)


def test_one_wrapper_of_a_store_drives_unless_it_is_a_rival() -> None:
    inner = open_store("memory://")
    first, second, rival = FaultyStore(inner), FaultyStore(inner), FaultyStore(inner, rival=True)
    assert first.acquire_worker()
    assert first.acquire_worker()
    assert not second.acquire_worker()
    assert rival.acquire_worker()
    first.release_worker()
    assert not second.acquire_worker()
    rival.release_worker()
    assert second.acquire_worker()


def test_a_fault_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="no fault is called 'explode'"):
        Fault("explode")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(ValueError, match="not of 'read'"):
        Fault("lose answer", call="read")


def test_chances_depend_on_seed_and_number_alone() -> None:
    plan, same, other = Chances(1), Chances(1), Chances(2)
    calls = [(call, n) for call in ("append", "read") for n in range(1, 300)]
    assert [plan(*at) for at in calls] == [same(*at) for at in reversed(calls)][::-1]
    assert [plan(*at) for at in calls] != [other(*at) for at in calls]
    kinds = {fault.kind for at in calls for fault in plan(*at)}
    assert kinds == {*KINDS}
    assert {fault.kind for at in calls[299:] for fault in plan(*at)} == {"delay", "refuse"}


def test_a_store_that_keeps_a_commit_twice_is_told_of() -> None:
    class Twice(FaultyStore):
        """A backend without a fence: the second time it takes the stream's present head."""

        async def append(self, commit: Commit) -> Appended:
            head = await self.inner.head(commit.entry.run)
            return await self.inner.append(
                Commit(head, commit.entry, commit.drafts, commit.at, commit.correlation)
            )

    async def scenario() -> None:
        store = FaultyStore(Twice(open_store("memory://")), [Fault("repeat")])
        with pytest.raises(AssertionError, match="'order-1' after version 0 twice"):
            await store.append(commit("order-1", Head()))

    in_a_loop(scenario)


CALLS: list[str] = []


def called(name: str) -> None:
    """Fails the first time."""
    CALLS.append(name)
    if CALLS.count(name) == 1:
        raise ConnectionError(name)


@step
async def plain_faulty(total: int) -> int:
    CALLS.append(f"plain {total}")
    return total + 1


@step(retry=Retry(attempts=3, initial=SHORT, jitter=0))
async def flaky_faulty(total: int) -> int:
    called(f"flaky {total}")
    return total + 1


@step(retry=Retry(attempts=3, initial=SHORT, jitter=0), on_crash="hold")
async def once_faulty(total: int) -> int:
    called(f"once {total}")
    return total + 1


@workflow
async def adding_faulty() -> int:
    total = await plain_faulty(0)
    total = await flaky_faulty(total)
    total = await once_faulty(total)
    a, b = await parallel(plain_faulty.named("a")(total), flaky_faulty.named("b")(total))
    return a + b


EACH = ["plain 0", *["flaky 1"] * 2, *["once 2"] * 2, "plain 3", *["flaky 3"] * 2]


@pytest.mark.parametrize("kind", ["lose answer", "lose request", "repeat", "delay", "refuse"])
def test_an_engine_makes_every_call_once_whatever_is_lost(kind: FaultKind) -> None:
    async def scenario(nth: int) -> int:
        CALLS.clear()
        store = FaultyStore(open_store("memory://"), [Fault(kind, nth, by=SHORT)])
        async with Engine(store, machines=[adding_faulty]) as engine:
            with suppress(StoreBusy):  # refused to begin: nobody patient asks
                await engine.start(adding_faulty, id="a")
            run = await engine.start(adding_faulty, id="a")
            assert await run.result() == 8
        assert sorted(CALLS) == sorted(EACH), nth
        return store.calls["append"]

    nth, appends = 0, 1
    while nth < appends:
        nth += 1
        appends = asyncio.run(scenario(nth))
    assert appends >= 10


@workflow
async def spreading_faulty() -> int:
    a, b = await parallel(plain_faulty.named("x")(1), plain_faulty.named("y")(2))
    return a + b


class BusyOnce(FaultyStore):
    """Refuses to read the end of a stream, once."""

    refused = False

    async def read(self, stream: str, *, after: int = 0, upto: int | None = None) -> list[Event]:
        if after and not self.refused:
            self.refused = True
            raise StoreBusy(stream)
        return await super().read(stream, after=after, upto=upto)


def test_reading_that_is_refused_beside_a_call_holds_nothing_up() -> None:
    async def scenario() -> None:
        inner = open_store("memory://")
        dying = FaultyStore(inner, [Fault("crash after", nth=2)])
        async with Engine(dying, machines=[spreading_faulty]) as first:
            await first.start(spreading_faulty, id="a")
            await first.settle()
        assert dying.crashed
        store = BusyOnce(inner)  # the next worker finds the calls in the log, and looks closer
        async with Engine(store, machines=[spreading_faulty]) as engine, asyncio.timeout(30):
            run = await engine.get("a")
            assert (await run.wait()).status == "completed"
        assert store.refused

    in_a_loop(scenario)


class Releasing(FaultyStore):
    """Says how many runs are being moved whenever it gives the role back."""

    moving: Callable[[], int]
    released: list[int]

    def release_worker(self) -> None:
        self.released.append(self.moving())
        super().release_worker()


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_who_fails_to_take_over_moves_nothing(nth: int) -> None:
    async def scenario() -> None:
        inner = open_store("memory://")
        dying = FaultyStore(inner, [Fault("crash after", nth=2)])
        async with Engine(dying, machines=[spreading_faulty]) as first:
            store = Releasing(inner, [Fault("refuse", nth, call="entries")])
            store.moving, store.released = lambda: len(next_one.drivers), []
            next_one = Engine(store, machines=[spreading_faulty])
            async with next_one, asyncio.timeout(30):
                await first.start(spreading_faulty, id="a")
                assert (await (await next_one.get("a")).wait()).status == "completed"
                assert not any(store.released)
                assert store.calls["entries"] >= nth

    in_a_loop(scenario)
