"""Runs under new code whose calls may have to be undone: by undos that take what was recorded."""

from __future__ import annotations

import pytest

from engine.deployed import Deployed
from interlock.engine.deploying import HELD
from interlock.projections import fold

HEAD = """
from dataclasses import dataclass, field
from typing import Any
from interlock.machines import Command, parallel, renamed, step, upcast, wait_for, Workflow
class Go(Command):
    n: int = 0
@dataclass
class Receipt:
    id: str
async def undo(receipt: Receipt) -> None:
    CALLS.append(f"undo {receipt.id}")
@step(compensate=undo)
async def work(what: str) -> Receipt:
    CALLS.append(what)
    return Receipt(what)
"""
FLOW = """
async def _flow(what: str) -> str:
    await work(what)
    await wait_for(Go)
    raise ValueError("no")
flow = Workflow(_flow, "undone")
"""
BOTH = """
async def _flow(what: str) -> str:
    await parallel(work(what), work(what + "2"))
    await wait_for(Go)
    raise ValueError("no")
flow = Workflow(_flow, "undone")
"""
CHILD = """
async def _kid(what: str) -> str:
    return (await work(what)).id
kid = Workflow(_kid, "undone-kid")
async def _between(what: str) -> str:
    return await kid(what)
between = Workflow(_between, "undone-between")
async def _flow(what: str) -> str:
    await between(what)
    await wait_for(Go)
    raise ValueError("no")
flow = Workflow(_flow, "undone")
"""
WITH_INPUT = HEAD.replace("receipt: Receipt", "receipt: Receipt, what: str") + FLOW


def edited(text: str, *edits: tuple[str, str]) -> str:
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text


TEXTS = edited(
    HEAD, ("-> Receipt", "-> str"), ("receipt: Receipt", "receipt: str"),
    ("return Receipt(what)", "return what"), ("{receipt.id}", "{receipt}"),
) + FLOW  # fmt: skip

REQUIRED = ("    id: str\n", "    id: str\n    amount: int\n")
NO_INT = "Input should be a valid integer"
UNKNOWN = "which the new program does not know"

LOST = [
    (HEAD + FLOW, [("Receipt", "Quittung")], f"the undo of work is given a Receipt, {UNKNOWN}"),
    (
        HEAD + FLOW,
        [REQUIRED],
        "the undo of work is given a Receipt without 'amount', which has no default",
    ),
    (
        HEAD + BOTH,
        [REQUIRED],
        "the undo of work is given a Receipt without 'amount', which has no default",
    ),
    (
        HEAD + FLOW,
        [("    id: str\n", "    id: int\n")],
        "the undo of work is given a Receipt whose 'id' is no int: " + NO_INT,
    ),
    (
        TEXTS,
        [
            ("work(what: str) -> str:", "work(what: str) -> int:"),
            ("receipt: str", "receipt: int"),
            ("return what", "return 1"),
            ('ValueError("no")', 'ValueError("not")'),
        ],
        f"the undo of work is given what is no int: {NO_INT}",
    ),
    (
        WITH_INPUT,
        [
            ("receipt: Receipt, what: str", "receipt: Receipt, what: str, amount: int"),
            ("work(what: str)", "work(what: str, amount: int)"),
            ("work(what)\n", "work(what, 1)\n"),
        ],
        "the undo of work does not take what was recorded: missing a required argument: 'amount'",
    ),
    (
        WITH_INPUT,
        [
            ("receipt: Receipt, what: str", "receipt: Receipt, what: int"),
            ("work(what: str)", "work(what: int)"),
            ("work(what)\n", "work(len(what))\n"),
        ],
        "the undo of work is given what is no int: Input should be a valid integer",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "edits", "why"), LOST)
async def test_an_undo_that_cannot_take_what_was_recorded_is_foretold(
    old: str, edits: list[tuple[str, str]], why: str
) -> None:
    if "_flow(what: str, amount" in edited(old, *edits):
        edits = [*edits, ("_flow(what: str, amount: int)", "flow(what: str)")]
    world = Deployed()
    await world.begin(old)
    (found,) = await world.fates(edited(old, *edits))
    assert (found.fate, found.reasons) == ("type changed", (why,))
    assert found.write.startswith("an @upcast of the class")
    if old is not WITH_INPUT:  # what an undo takes beside the result, a definition does not say
        assert any(
            "could not undo it" in said for said in world.left_behind(old, edited(old, *edits))
        )
    state = await world.go(edited(old, *edits))
    assert why in state.held
    assert "write an @upcast of the class" in state.held
    assert world.calls == []
    state = await world.go(old)  # nothing is lost: the old code can do it
    assert state.status == "compensated"
    assert "undo x" in world.calls


MORE = ("    id: str\n", "    id: str\n    more: list = field(default_factory=list)\n")
UPCAST = """@upcast(Receipt, from_=1)
def more(old: dict) -> dict:
    return {**old, 'amount': 7}
async def undo"""
SLIP = (HEAD + FLOW).replace("Receipt", "Slip")

GOES_ON = [
    (HEAD + FLOW, [MORE, ("{receipt.id}", "{receipt.id}{receipt.more}")], "undo x[]"),
    (HEAD + FLOW, [("receipt: Receipt", "receipt: Any, what: str"),
                   ("{receipt.id}", "{receipt.id} {what}")], "undo x x"),
    (HEAD + FLOW, [("receipt: Receipt", ""), ("{receipt.id}", "it")], "undo it"),
    (HEAD + FLOW, [REQUIRED, ("async def undo", UPCAST), ("Receipt(what)", "Receipt(what, 1)"),
                   ("{receipt.id}", "{receipt.amount}")], "undo 7"),
    (SLIP, [("Slip", "Quittung"),
            ("async def undo", 'renamed(Quittung, was="Slip")\nasync def undo')], "undo x"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "edits", "undone"), GOES_ON)
async def test_what_an_undo_can_take_goes_on(
    old: str, edits: list[tuple[str, str]], undone: str
) -> None:
    new, world = edited(old, *edits), Deployed()
    await world.begin(old)
    (found,) = await world.fates(new)
    assert (found.fate in ("goes on", "unchanged"), found.reasons) == (True, ())
    assert world.left_behind(old, new) == []
    state = await world.go(new)
    assert (state.status, world.calls) == ("compensated", [undone])


GONE = [
    ([("@step(compensate=undo)", "@step")], "work is done, and has no undo any more"),
    ([("work(what)).id", 'work.named("job")(what)).id')],
     "work is done, and no state says how to undo it"),
    ([("Receipt", "Quittung")], f"the undo of work is given a Receipt, {UNKNOWN}"),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "why"), GONE)
async def test_what_a_completed_child_can_no_longer_undo_is_foretold(
    edits: list[tuple[str, str]], why: str
) -> None:
    old, world = HEAD + CHILD, Deployed()
    await world.begin(old)
    new = edited(old, *edits)
    found = {one.machine: one for one in await world.fates(new)}
    assert found["undone"].fate in ("unchanged", "goes on")
    kid = found["undone-kid"]
    assert (kid.fate in HELD, kid.over, kid.reasons) == (True, True, (why,))
    report = await world.report(new)
    assert (report.runs, report.held) == (1, 1)
    assert world.left_behind(old, new, "kid")
    await world.go(new)
    (entry,) = [one for one in await world.store.entries() if one.machine == "undone-kid"]
    assert (entry.status, why in entry.waits_for) == ("held", True)
    told = await world.why("run", new)
    assert why in told.waits[0].said
    assert [action.argv for action in told.waits[0].actions]
    state = await world.go(old)
    assert (state.status, world.calls) == ("compensated", ["undo x"])


async def test_a_child_that_can_still_undo_is_not_spoken_of() -> None:
    old, world = HEAD + CHILD, Deployed()
    await world.begin(old)
    new = edited(old, ("work(what)).id", 'work(what)).id + "!"'))
    assert [one.fate for one in await world.fates(new)] == ["unchanged"]
    state = await world.go(new)
    assert (state.status, world.calls) == ("compensated", ["undo x"])


async def test_a_child_of_a_run_that_is_over_is_not_spoken_of() -> None:
    old = HEAD + CHILD.replace('raise ValueError("no")', 'return "done"')
    world = Deployed()
    await world.begin(old)
    assert (await world.go(old)).status == "completed"
    assert await world.fates(edited(old, ("@step(compensate=undo)", "@step"))) == []
    assert fold(await world.store.read("run")).ended == "completed"
