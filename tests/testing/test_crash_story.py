"""Law: wherever the process dies during calls, the same happens, and is told the same."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from interlock.testing import Crash, Environment, NothingMore, Script, Timeout
from testing.store_front import Basket, Declined, Payment, booking, quoting, selling
from testing.street import walking

PAID = Payment(id="p1", amount=Decimal(12))
OUTCOMES: dict[str, list[Any]] = {
    "pay": [PAID, OSError("down"), Timeout(), Declined("no")],
    "pack": ["parcel", OSError("no paper")],
    "post": ["T-1", ValueError("where?")],
    "refund": [None, OSError("closed")],
    "book": ["booked"],
    "price": [Decimal(1), OSError("who knows")],
    "ring": [None, OSError("broken")],
}
STARTS: list[tuple[Any, tuple[Any, ...]]] = [
    (selling, (Basket(total=Decimal(12), items=["tea"]),)),
    (selling, (Basket(total=Decimal(900), items=["car"]),)),
    (booking, ("monday",)),
    (walking, (0,)),
]
Lines = dict[str, list[Any]]


@st.composite
def outcomes(draw: st.DrawFn) -> tuple[Lines, Lines]:
    """The outcomes of each step's calls; and the same with crashes in between."""
    plain: Lines = {}
    crashing: Lines = {}
    for step, some in OUTCOMES.items():
        plain[step] = draw(st.lists(st.sampled_from(some), max_size=3))
        crashing[step] = []
        for one in plain[step]:
            crashing[step] += [Crash()] * draw(st.integers(0, 2)) + [one]
    return plain, crashing


async def told(start: tuple[Any, tuple[Any, ...]], lines: Lines) -> str:
    script = Script(unscripted="real", unused="ignore")
    for step, some in lines.items():
        script.on(step, *some).always(step, OUTCOMES[step][0])
    async with Environment(script) as env:
        run = await env.start(start[0], *start[1], id="run")
        await env.advance("1 hour")
        if await env.engine.approvals(run=run):
            await env.grant(run)
        with suppress(NothingMore):  # an undo may fail for good, and wait for a person
            await run.wait()
        told: str = await run.story()
        return told


UNDOS_FAIL: Lines = {
    **{name: [] for name in OUTCOMES},
    "post": [ValueError("where?")],
    "refund": [OSError("closed")] * 3,
}


@given(st.sampled_from(STARTS), outcomes())
@example(STARTS[0], (UNDOS_FAIL, UNDOS_FAIL))
async def test_crashes_change_nothing(
    start: tuple[Any, tuple[Any, ...]], both: tuple[Lines, Lines]
) -> None:
    plain, crashing = both
    assert await told(start, plain) == await told(start, crashing)


async def test_two_calls_under_way_are_both_made_again() -> None:
    script = Script(unused="ignore").on("price", Decimal(1), Crash(), Decimal(2), Decimal(3))
    async with Environment(script) as env:
        total = await env.execute(quoting, "a", "b")
    assert total in (Decimal(3), Decimal(5))  # whether the first one was recorded before
    assert len(script.calls) in (3, 4)
