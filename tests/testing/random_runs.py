"""Any run: a start, outcomes of its calls, and what comes from outside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from interlock.testing import Crash, Environment, Error, Hang, Script, Timeout, Value
from testing import store_front, street
from testing.store_front import Basket, Collected, Declined, Payment

PAID = Payment(id="p1", amount=Decimal(12))
OUTCOMES: dict[str, list[Any]] = {
    "pay": [Value(PAID), Value(PAID, takes="3 s"), Error(Declined("no")), OSError("down"), Crash(),
            Timeout(), Hang()],
    "pack": ["parcel", Error(OSError("no paper")), Hang(), Crash()],
    "post": ["T-1", ValueError("where?")],
    "refund": [None, OSError("closed")],
    "book": ["booked", Crash(), Timeout()],
    "verify book": [],
    "price": [Decimal(1), Value(Decimal(2), takes="2 s"), Value(Decimal(3), takes="1 s"),
              OSError("who knows")],
    "ring": [None, Value(None, takes="5 s"), OSError("broken")],
}  # fmt: skip

Outside = Callable[[Environment, str], Awaitable[object]]


async def _grant(env: Environment, run: str) -> None:
    await env.grant(run, by="ann")


async def _reject(env: Environment, run: str) -> None:
    await env.reject(run, by="bob", reason="too much")


async def _collect(env: Environment, run: str) -> None:
    await env.send(run, Collected(code="7"), by="cleo")


async def _cancel(env: Environment, run: str) -> None:
    await env.cancel(run, by="dan", reason="never mind")


async def _second(env: Environment, run: str) -> None:
    await env.advance("1 second")


async def _day(env: Environment, run: str) -> None:
    await env.advance("1 day")


ACTS: list[Outside] = [_grant, _reject, _collect, _cancel, _second, _day]
STARTS: list[tuple[Any, tuple[Any, ...]]] = [
    (store_front.selling, (Basket(total=Decimal(12), items=["tea"]),)),
    (store_front.selling, (Basket(total=Decimal(900), items=["car"]),)),
    (store_front.collecting, ("bike",)),
    (store_front.booking, ("monday",)),
    (store_front.quoting, ("a", "b")),
    (street.walking, (3,)),
    (street.DoorLifecycle, (street.Door(),)),
]


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """Outcomes that are used up go on with the first one."""
    script = Script(unscripted="real", unused="ignore")
    for step, outcomes in OUTCOMES.items():
        if outcomes:
            script.on(step, *draw(st.lists(st.sampled_from(outcomes), max_size=4)))
            script.always(step, outcomes[0])
    return script
