"""A test that is made of a run passes now, and fails when the behaviour changes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from interlock.machines import Personal, step, workflow
from interlock.projections import History
from interlock.store.contract import Filter
from interlock.store.errors import InterlockError
from interlock.testing import (
    Environment,
    NoRegression,
    PersonalInside,
    Script,
    Value,
    assert_replays,
)
from interlock.testing.regression import Regression, regression
from testing import store_front, street
from testing.random_runs import ACTS, PAID, STARTS, Outside, scripts
from testing.store_front import Basket

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


@step
async def fold(sheet: int) -> int:
    return sheet


@step
async def glue(sheet: int) -> int:
    return sheet


async def folded(sheet: int) -> int:
    return await glue(await fold(sheet))


@workflow
async def folding(sheet: int) -> int:
    one, two = await asyncio.gather(folded(sheet), glue.named("second glue")(sheet))
    return one + two


async def test_what_began_later_and_is_over_at_once_keeps_its_order() -> None:
    script = Script({fold: Value(1, takes="2 seconds")})
    script.on(glue, Value(3, takes="6 seconds"), Value(2, takes="4 seconds"))
    async with Environment(script) as env:
        await (await env.start(folding, 7, id="run-1")).result()
        found = await regression(await histories(env, "run-1"), {"folding": folding})
    assert not found.why
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


async def test_code_that_has_no_name_to_import_makes_no_test() -> None:
    @workflow
    async def inside(number: int) -> int:
        return number

    async with Environment() as env:
        await env.start(inside, 1, id="run-1")
        found = await histories(env, "run-1")
    with pytest.raises(NoRegression, match="cannot be imported by that name"):
        await regression(found, {"inside": inside})
