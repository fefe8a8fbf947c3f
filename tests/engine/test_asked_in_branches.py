"""Approvals and commands of branches and items; those that come early, twice, or too late."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from decimal import Decimal
from typing import Any

import pytest

from engine.office import GROUPS, Claim, senior
from engine.trouble import Troubled
from interlock.engine import Engine, Run
from interlock.machines import (
    BadDefinition,
    Command,
    Decision,
    Escalate,
    Group,
    Refused,
    Retry,
    approval,
    each,
    parallel,
    race,
    sleep,
    step,
    wait_for,
    workflow,
)

CLAIM = Claim(by="ann", amount=Decimal(70))


async def review(claim: Claim) -> str:
    decision = await approval("boss", about=claim, approvers=senior)
    return f"{decision.granted} {decision.by}"


@workflow
async def two_branches(claim: Claim) -> dict[str, str]:
    other = Claim(by=claim.by, amount=claim.amount + 1)
    return await parallel(north=review(claim), south=review(other))


@workflow
async def members(claim: Claim) -> list[bool]:
    first, second = await parallel(
        approval("boss", about=claim, approvers=Group("managers"), quorum=2),
        approval(
            "boss", about="second", approvers=["ann"],
            escalate=Escalate("1 day", to=Group("vps")),
        ),
    )  # fmt: skip
    return [first.granted, second.granted]


@workflow
async def documents(names: list[str]) -> list[str]:
    decisions = await each(lambda name: approval("review", about=name), names, ids=names)
    return [f"{name}: {d.reason}" for name, d in zip(names, decisions, strict=True)]


@workflow
async def raced(claim: Claim) -> str:
    won = await race(boss=approval("boss", about=claim), vp=approval("vp", about=claim))
    await approval("last")
    return str(won.name)


@workflow
async def ruled_member(claim: Claim) -> None:
    await parallel(approval("boss", about=claim, approvers=senior), sleep("1 day"))


async def begun(engine: Engine, flow: Any, *args: Any) -> Run[Any]:
    run: Run[Any] = await engine.start(flow, *args, id="run")
    await engine.settle()
    return run


async def refused(answer: Awaitable[Any], *says: str) -> None:
    with pytest.raises(Refused) as error:
        await answer
    for text in says:
        assert text in str(error.value)


async def test_branches_that_ask_for_the_same_are_answered_by_name_and_branch() -> None:
    store = Troubled()
    async with Engine(store) as engine:
        run = await begun(engine, two_branches, CLAIM)
        north, south = await engine.approvals(run=run, name="boss")
        assert (north.address, south.address) == ("north/boss", "south/boss")
        assert north.facts != south.facts
        await refused(
            engine.approve(run, "boss", by="sue"),
            "2 approvals 'boss'",
            "say which: north/boss (for whoever",
            ", south/boss (for whoever",
        )
    async with Engine(store) as engine:
        run = await engine.get("run")
        await refused(engine.approve(run, "north/boss", by="eve"), "who may: whoever senior lets")
        stale = engine.approve(run, "north/boss", by="sue", facts=south.facts)
        await refused(stale, "which is what was decided on")
        await refused(engine.approve(run, "west/boss", by="sue"), "pending: north/boss, south/boss")
        await engine.approve(run, "north/boss", by="sue", facts=north.facts, command_id="n")
        await engine.approve(run, "north/boss", by="sue", facts=north.facts, command_id="n")
        await refused(engine.reject(run, "north/boss", by="max"), "already granted by sue")
        await engine.settle()
        await refused(engine.reject(run, "north/boss", by="max"), "already granted by sue")
        await engine.reject(run, "boss", by="max")  # one is left
        assert await run.result() == {"north": "True sue", "south": "False max"}
        await refused(engine.approve(run, "south/boss", by="sue"), "already rejected by max")
        await refused(engine.approve(run, south.activity, by="sue"), "already rejected by max")


async def test_calls_of_a_join_may_be_approvals_with_all_that_belongs_to_one() -> None:
    async with Engine("memory://", groups=GROUPS) as engine:
        run = await begun(engine, members, CLAIM)
        await refused(engine.approve(run, "boss[0]", by="vic"), "who may: the group managers")
        await engine.approve(run, "boss[0]", by="ann")
        await engine.delegate(run, "boss[1]", by="ann", to="dan")
        await engine.approve(run, "boss[0]", by="bob")
        await refused(engine.approve(run, "boss[0]", by="cho"), "already granted by bob")
        assert [p.address for p in await engine.approvals(approver="dan")] == ["boss[1]"]
        assert [p.address for p in await engine.approvals(name="boss[1]")] == ["boss[1]"]
        await engine.approve(run, "boss[1]", by="dan")
        assert await run.result() == [True, True]


async def test_items_are_asked_for_by_their_ids() -> None:
    async with Engine("memory://") as engine:
        run = await begun(engine, documents, ["a", "b"])
        await engine.approve(run, "b/review", by="ann", reason="fine")
        await engine.reject(run, "review", by="ann", reason="no")
        assert await run.result() == ["a: no", "b: fine"]


async def test_an_approval_that_nobody_wants_any_more_was_withdrawn() -> None:
    async with Engine("memory://") as engine:
        run = await begun(engine, raced, CLAIM)
        await refused(engine.approve(run, "last", by="ann"), "has not been asked for yet")
        await engine.approve(run, "vp", by="ann")
        await engine.settle()
        withdrawn = ("'boss' of run 'run' was withdrawn at", "another one won")
        await refused(engine.approve(run, "boss", by="ann"), *withdrawn)
        await engine.cancel(run, reason="no longer needed")
        await run.wait()
        await refused(engine.approve(run, "boss", by="ann"), *withdrawn)
        await refused(engine.approve(run, "last", by="ann"), "withdrawn at", ": no longer needed")
        await refused(engine.approve(run, "vp", by="bob"), "already granted by ann")


async def test_a_function_cannot_be_recorded_in_a_join() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(ruled_member, CLAIM, id="run")
        with pytest.raises(BadDefinition, match="await the approval in an `async def` of its own"):
            await run.result()


class Go(Command):
    number: int


async def wait(name: str) -> int:
    go = await wait_for(Go, where=lambda go: (go.number % 2 == 0) == (name == "even"))
    return go.number


@workflow
async def going() -> list[int]:
    await approval("open")
    return [*await parallel(wait("even"), wait("odd"))]


async def test_early_and_repeated_commands_and_those_for_a_finished_run() -> None:
    store = Troubled()
    async with Engine(store) as engine:
        run = await begun(engine, going)
        await engine.send(run, Go(number=3), command_id="three")  # nobody waits for it yet
        await engine.send(run, Go(number=3), command_id="three")
        await engine.send(run, Go(number=5), command_id="five")
    async with Engine(store) as engine:
        run = await engine.get("run")
        assert [c.id for c in (await run.snapshot()).inbox] == ["three", "five"]
        await engine.approve(run, "open", by="ann")
        await engine.settle()
        await engine.send(run, Go(number=3), command_id="three")  # it was taken meanwhile
        await engine.send(run, Go(number=4), command_id="four")
        assert await run.result() == [4, 3]
        assert [c.id for c in (await run.snapshot()).inbox] == ["five"]  # nobody took it: kept
        await refused(engine.send(run, Go(number=6)), "Go was refused: run 'run' is completed")
        version = (await run.snapshot()).head.version
        await engine.send(run, Go(number=4), command_id="four")  # the same answer as before
        assert (await run.snapshot()).head.version == version


async def stuck_undo() -> None:
    raise OSError("not now")


@step(compensate=stuck_undo, compensate_retry=Retry.none)
async def act() -> None:
    return None


@workflow
async def refused_and_undone() -> Decision:
    await act()
    decision = await approval("boss")
    if decision.granted:
        await wait_for(Go)
    raise ValueError("no")


async def test_a_run_that_undoes_what_it_did_takes_nothing_more() -> None:
    async with Engine("memory://") as engine:
        run = await begun(engine, refused_and_undone)
        await engine.reject(run, "boss", by="ann", reason="no")
        while await run.status() != "undo failed":  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.001)
        await refused(engine.send(run, Go(number=1)), "Go was refused: run 'run' is undo failed")
        await refused(engine.approve(run, "boss", by="ann"), "already rejected by ann")
        await refused(engine.approve(run, "king", by="ann"), "run 'run' is undo failed: no app")
        await refused(engine.cancel(run), "cannot be cancelled any more")
