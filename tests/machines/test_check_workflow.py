"""What is told of workflows beside the problems of any machine: each finding, and none too many."""

from __future__ import annotations

from typing import Any

import pytest

from interlock.machines import (
    Command,
    Workflow,
    approval,
    parallel,
    race,
    sleep,
    step,
    wait_for,
    workflow,
)
from interlock.machines.check import judged
from interlock.machines.check_workflow import workflow_problems


class Paid(Command):
    amount: int


class Left(Command):
    pass


async def refund(receipt: int) -> None: ...


@step(compensate=refund, timeout="5 seconds")
async def charge(amount: int) -> int:
    return amount


@step(timeout="5 seconds", irreversible="mail cannot be unsent")
async def mail(text: str) -> None: ...


@step(timeout="5 seconds")
async def look(what: int) -> int:
    return what


@step(irreversible="it is only read")
async def slow() -> None: ...


async def officer() -> str:
    decision = await approval("officer", timeout="1 day")
    return decision.by


async def manager() -> str:
    decision = await approval("officer", timeout="2 days")
    return decision.by


@workflow(name="checked-clean")
async def clean(amount: int) -> int:
    receipt = await charge(amount)
    for turn in range(amount):
        await mail(str(turn))
        if turn > 5:
            break
    try:
        await mail("last")
    except OSError:
        raise ValueError("no mail") from None
    return receipt


@workflow(name="checked-slow")
async def never_ending() -> None:
    await slow()


@workflow(name="checked-stays")
async def stays(amount: int) -> int:
    return await look(await charge(amount))


@workflow(name="checked-caught")
async def caught(amount: int) -> int:
    receipt = await charge(amount)
    try:
        await mail("done")
    except OSError:
        receipt = 0
    return receipt


@workflow(name="checked-approvals")
async def approvals() -> list[object]:
    return [*await parallel(officer(), manager())]


@workflow(name="checked-waits")
async def waits() -> list[object]:
    won = await race(wait_for(Paid, timeout="1 day"), wait_for(Left, Paid, timeout="1 day"))
    return [won.name]


@workflow(name="checked-unassigned")
async def unassigned(amount: int) -> int:
    if amount > 1:
        more = await look(amount)
    await mail("so far")
    return more  # pyright: ignore[reportPossiblyUnboundVariable]  # which is what is to be found


@workflow(name="checked-looping")
async def looping() -> None:
    while True:
        paid = await wait_for(Paid, timeout="1 day")
        await look(paid.amount)


@workflow(name="checked-left")
async def left() -> None:
    while True:
        match await wait_for(Paid, Left, timeout="1 day"):
            case Left():
                return
            case _:
                await sleep("1 second")


CASES: list[tuple[Workflow[..., Any], list[str], str]] = [
    (clean, [], ""),
    (left, [], ""),
    (never_ending, ["ILK106"], "slow may run for ever"),
    (stays, ["ILK107"], "nothing undoes look when"),
    (caught, ["ILK108"], "when 'mail' fails (except OSError), the run may go on to its end"),
    (approvals, ["ILK176"], "'officer' is asked for in two branches at a time"),
    (waits, ["ILK176"], "two branches wait for Paid at a time"),
    (unassigned, ["ILK177"], "'more' may be read before it is assigned"),
    (looping, ["ILK178"], "the loop through 'wait:Paid' ends only by"),
]


@pytest.mark.parametrize(("flow", "codes", "says"), CASES)
def test_each_finding_and_none_too_many(
    flow: Workflow[..., Any], codes: list[str], says: str
) -> None:
    found = workflow_problems(flow.program)
    assert [problem.code for problem in found] == codes, found
    assert all(says in problem.message for problem in found)
    assert all(problem.line > 0 for problem in found)


def test_what_is_said_of_undoing_can_be_understood_together() -> None:
    """One is about what says nothing, the other about what says no; both where there is an undo."""
    said = {
        flow.name: {
            one.code: (one.property, one.verdict)
            for one in judged(flow.program)
            if one.code in ("ILK087", "ILK107")
        }
        for flow in (stays, clean)
    }
    silent = "no step without undo or reason stands beside one with an undo"
    says_no = "no irreversible step stands beside one with an undo"
    assert said == {
        stays.name: {"ILK107": (silent, "refuted"), "ILK087": (says_no, "proved")},
        clean.name: {"ILK107": (silent, "proved"), "ILK087": (says_no, "refuted")},
    }
