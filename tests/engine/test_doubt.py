"""After a crash: what was started and has no outcome is in doubt, and somebody finds out."""

from __future__ import annotations

import asyncio

import pytest

from engine.trouble import Troubled
from interlock.engine import Engine, NotInDoubt, RunCancelledError
from interlock.machines import DidNotHappen, Happened, current, step, workflow

CALLS: list[str] = []
STUCK: list[str] = []
ANSWERS: list[Happened[str] | DidNotHappen] = []


@pytest.fixture(autouse=True)
def _clean() -> None:
    for made in (CALLS, STUCK, ANSWERS):
        made.clear()


async def called(name: str) -> None:
    CALLS.append(f"{name} {current().key}")
    if name in STUCK:
        await asyncio.Event().wait()


async def unwire(done: list[str]) -> None:
    CALLS.append(f"unwire {done}")


@step(on_crash="hold", compensate=unwire)
async def wire(amount: int) -> list[str]:
    await called("wire")
    return [f"wired {amount}"]


@step
async def tell(text: list[str]) -> str:
    await called("tell")
    if not text:
        message = "nothing to tell"
        raise ValueError(message)
    return text[0]


@workflow
async def wiring(fails: bool) -> str:
    done = await wire(7)
    return await tell([] if fails else done)


async def ask() -> Happened[str] | DidNotHappen:
    CALLS.append("ask")
    if ANSWERS:
        return ANSWERS.pop(0)
    message = "nobody knows"
    raise OSError(message)


@step(verify=ask)
async def post() -> str:
    await called("post")
    return "posted"


@workflow
async def posting() -> str:
    return await post()


@step
async def charge() -> str:
    await called("charge")
    return "charged"


@workflow
async def charging() -> str:
    return await charge()


async def until(what: str, times: int = 1) -> None:
    while sum(call.startswith(what) for call in CALLS) < times:  # noqa: ASYNC110  a step tells no one
        await asyncio.sleep(0)


async def crashed(flow: object, name: str, store: Troubled, *args: object) -> None:
    """Leave a run with a call under way and no outcome: what a dead process leaves."""
    STUCK.append(name)
    async with Engine(store) as engine:
        await engine.start(flow, *args, id="run")  # type: ignore[call-overload]  # of several types
        await until(name)
    STUCK.clear()


async def test_hold_waits_for_a_person_and_is_never_called_twice() -> None:
    store = Troubled()
    await crashed(wiring, "wire", store, False)
    async with Engine(store) as engine:
        await engine.settle()
        run = await engine.get("run")
        (entry,) = await engine.runs()
        assert (entry.status, entry.waits, entry.waits_for) == (
            "in doubt", "person", "resolve wire",
        )  # fmt: skip
        with pytest.raises(NotInDoubt, match="in doubt: wire"):
            await engine.resolve("run", "tell", happened=True)
        await engine.resolve("run", "wire", happened=True, result=["wired 7"], by="ann")
        assert await run.result() == "wired 7"
        with pytest.raises(NotInDoubt, match="in doubt: none"):
            await engine.resolve("run", "wire", happened=True)
    assert sum(call.startswith("wire") for call in CALLS) == 1


async def test_hold_that_did_not_happen_is_called_with_the_same_key() -> None:
    store = Troubled()
    await crashed(wiring, "wire", store, False)
    async with Engine(store) as engine:
        await engine.settle()
        await engine.resolve("run", "wire", happened=False)
        assert await (await engine.get("run")).result() == "wired 7"
    wires = [call for call in CALLS if call.startswith("wire")]
    assert len(wires) == 2
    assert len(set(wires)) == 1


async def test_what_a_client_resolves_is_undone_with_its_result() -> None:
    store = Troubled()
    await crashed(wiring, "wire", store, True)
    async with Engine(store, worker=False) as client:
        async with Engine(store) as engine:
            await engine.settle()
        await client.resolve("run", "wire", happened=True, result=["wired 7"], by="ann")
    async with Engine(store) as engine:
        run = await engine.get("run")
        with pytest.raises(ValueError, match="nothing to tell"):
            await run.result()
        assert await run.status() == "compensated"
    assert CALLS[-1] == "unwire ['wired 7']"


async def test_cancelling_a_run_in_doubt_abandons_the_step() -> None:
    store = Troubled()
    await crashed(wiring, "wire", store, False)
    async with Engine(store) as engine:
        await engine.settle()
        await engine.cancel("run", reason="never mind")
        run = await engine.get("run")
        with pytest.raises(RunCancelledError, match="never mind"):
            await run.result()
        (effect,) = (await run.history()).ledger()
        assert effect.status == "cancelled"


async def test_verify_decides() -> None:
    store = Troubled()
    await crashed(posting, "post", store)
    ANSWERS.append(Happened("it was posted"))
    async with Engine(store) as engine:
        assert await (await engine.get("run")).result() == "it was posted"
    store = Troubled()
    await crashed(posting, "post", store)
    ANSWERS.append(DidNotHappen())
    async with Engine(store) as engine:
        assert await (await engine.get("run")).result() == "posted"


async def test_verify_that_fails_leaves_it_to_a_person_whose_word_counts() -> None:
    store = Troubled()
    await crashed(posting, "post", store)
    async with Engine(store) as engine:
        await engine.settle()
        assert await (await engine.get("run")).status() == "in doubt"
        await engine.resolve("run", "post", happened=False)
        assert await (await engine.get("run")).result() == "posted"
    assert CALLS.count("ask") == 1


async def test_a_call_made_on_a_persons_word_is_verified_after_another_crash() -> None:
    store = Troubled()
    await crashed(posting, "post", store)
    async with Engine(store) as engine:
        await engine.settle()
        STUCK.append("post")
        await engine.resolve("run", "post", happened=False)
        await until("post", 2)
    STUCK.clear()
    ANSWERS.append(Happened("the second time"))
    async with Engine(store) as engine:
        assert await (await engine.get("run")).result() == "the second time"
    assert sum(call.startswith("post") for call in CALLS) == 2


async def test_retry_calls_again_with_the_same_key() -> None:
    store = Troubled()
    await crashed(charging, "charge", store)
    async with Engine(store) as engine:
        assert await (await engine.get("run")).result() == "charged"
    assert len(CALLS) == 2
    assert len(set(CALLS)) == 1
