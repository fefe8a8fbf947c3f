"""A test that is made of a run passes now, and fails when the behaviour changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from interlock.machines import Personal
from interlock.projections import History
from interlock.store.contract import Filter
from interlock.store.errors import InterlockError
from interlock.testing import (
    Crash,
    Environment,
    Error,
    Hang,
    NoRegression,
    PersonalInside,
    Script,
    Timeout,
    Value,
    assert_replays,
)
from interlock.testing.regression import Regression, regression
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
KINDS = {
    "selling": store_front.selling, "collecting": store_front.collecting,
    "booking": store_front.booking, "quoting": store_front.quoting,
    "walking": street.walking, "ringing": street.ringing, "DoorLifecycle": street.DoorLifecycle,
}  # fmt: skip


async def histories(env: Environment, run: str) -> list[History]:
    found = [History(await env.engine.store.read(run))]
    for entry in await env.engine.store.entries(Filter()):
        if entry.parent == run:
            found += await histories(env, entry.run)
    return found


async def made(env: Environment, run: str) -> Regression:
    return await regression(await histories(env, run), KINDS, beside="run.jsonl")


def kind_name(kind: Any) -> str:
    return next(name for name, one in KINDS.items() if one is kind)


async def passes(made: Regression) -> None:
    names: dict[str, Any] = {"__name__": "made"}
    exec(made.text, names)
    await names["again"]()


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """Outcomes that are used up go on with the first one."""
    script = Script(unscripted="real")
    for step, outcomes in OUTCOMES.items():
        if outcomes:
            script.on(step, *draw(st.lists(st.sampled_from(outcomes), max_size=4)))
            script.always(step, outcomes[0])
    return script


@given(st.sampled_from(STARTS), scripts(), st.lists(st.sampled_from(ACTS), max_size=5))
async def test_the_test_of_any_run_passes(
    start: tuple[Any, tuple[Any, ...]], script: Script, acts: list[Outside]
) -> None:
    kind, arguments = start
    async with Environment(script) as env:
        await env.start(kind, *arguments, id="run-1")
        for act in acts:
            with suppress(InterlockError):  # refused: it is not in the record
                await act(env, "run-1")
        found = await made(env, "run-1")
    event("made anew" if not found.why else "replayed")
    if found.why:  # it depended on what happened at one instant: its history is replayed instead
        assert assert_replays(found.history, KINDS[kind_name(kind)]).verdict == "same"
    else:
        await passes(found)


async def test_it_fails_when_the_behaviour_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script({"pay": PAID, "pack": "parcel", "post": "T-1"})
    async with Environment(script) as env:
        await env.start(store_front.selling, Basket(total=Decimal(12)), id="run-1")
        found = await made(env, "run-1")
    await passes(found)
    monkeypatch.setattr(store_front, "selling", street.selling_fast)
    with pytest.raises(AssertionError):
        await passes(found)


async def test_code_that_has_changed_already_makes_no_test() -> None:
    script = Script({"pay": PAID, "pack": "parcel", "post": "T-1"})
    async with Environment(script) as env:
        await env.start(store_front.selling, Basket(total=Decimal(12)), id="run-1")
        found = await histories(env, "run-1")
    with pytest.raises(NoRegression, match="does not do any more"):
        await regression(found, {"selling": street.selling_fast}, beside="x")


async def test_personal_data_does_not_leak() -> None:
    async with Environment(Script({"greet": "hello"})) as env:
        await env.start(
            street.greeting, street.Guest(id="g-1", name=Personal("Ann", subject="g-1"))
        )
        (entry,) = await env.engine.runs()
        found = await histories(env, entry.run)
    with pytest.raises(PersonalInside, match="holds personal data"):
        await regression(found, {"greeting": street.greeting})


async def test_a_history_may_stand_beside_the_test(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script({"pay": PAID, "pack": "parcel", "post": "T-1"})
    async with Environment(script) as env:
        await env.start(store_front.selling, Basket(total=Decimal(12)), id="run-1")
        found = await histories(env, "run-1")
    written = await regression(found, KINDS, beside="run.jsonl", replayed=True)
    (tmp_path / "run.jsonl").write_text(written.history)
    names: dict[str, Any] = {"__file__": str(tmp_path / "test_run.py")}
    exec(written.text, names)
    names["test_run_1"]()
    names["selling"] = street.selling_fast
    with pytest.raises(AssertionError, match="diverged"):
        names["test_run_1"]()
