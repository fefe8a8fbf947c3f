"""Law: for every prefix of every run, what is folded from the log is what the engine held live."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import shop
from interlock.engine import Engine
from interlock.engine.session import Session
from interlock.machines import Refused, Workflow
from interlock.machines.step import Step
from interlock.projections import (
    History,
    RunState,
    dump_history,
    entry_of,
    evolve,
    fold,
    load_history,
)
from interlock.store.backends.memory import MemoryStore
from interlock.store.contract import Appended, Entry
from interlock.store.event import Event
from machines.programs import Program, Script, names, programs
from machines.scripted import define


def seen(state: RunState) -> dict[str, Any]:
    """All that a state holds, such that two of them can be compared."""
    held = {field.name: getattr(state, field.name) for field in fields(state)}
    image = held.pop("image")
    held.update(nodes=dict(image.nodes), values=dict(image.variables), next=image.next)
    held.update(status=state.status, variables=state.variables)
    held["pending"] = {name: repr(activity) for name, activity in state.pending.items()}
    held["stack"], held["inbox"] = repr(state.stack), repr(state.inbox)
    held["decisions"], held["compensation"] = repr(state.decisions), repr(state.compensation)
    return held


class Law:
    """Compares at every commit; what it saw last is checked to be something."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.commits = 0
        self.entries: dict[tuple[str, int], Entry] = {}

    async def check(self, session: Session, appended: Appended) -> None:
        self.commits += 1
        stored = await self.store.read(session.run, upto=appended.head.version)
        folded = fold(stored)
        assert seen(folded) == seen(session.state)
        entry = entry_of(folded)
        assert entry == entry_of(session.state)
        self.entries[session.run, appended.head.version] = entry


@pytest.fixture(scope="module")
def law() -> Iterator[list[Law]]:
    """The law in force: every flush of every session is compared with the log."""
    current: list[Law] = []
    flush = Session.flush

    async def flushed(self: Session, *args: Any, **kwargs: Any) -> Appended | None:
        appended = await flush(self, *args, **kwargs)
        if appended is not None and current:
            await current[-1].check(self, appended)
        return appended

    patch = pytest.MonkeyPatch()
    patch.setattr(Session, "flush", flushed)
    yield current
    patch.undo()


def replayed(events: Sequence[Event], law: Law) -> None:
    """Everything that looks back agrees, and calls nothing of the author's."""
    history = History(events)
    history.verify()
    state: RunState | None = None
    moments = list(history)
    for event, moment in zip(events, moments, strict=True):
        state = evolve(state, event)
        at = history.at(event.version)
        assert (at.state, at.status, at.variables) == (state.state, state.status, state.variables)
        assert (moment.state, moment.status, moment.variables) == (
            at.state, at.status, at.variables,
        )  # fmt: skip
        known = law.entries.get((event.stream, event.version))
        assert known is None or known == entry_of(state)
    back = load_history(dump_history(history))
    assert back.events == history.events
    assert back.ledger() == history.ledger()
    assert seen(back.replay()) == seen(history.replay())


async def live(program: Program, law: list[Law]) -> None:
    script = Script(program.codes)
    function = define(program.source, names(script))
    flow: Workflow[..., Any] = Workflow(function, "flow")
    store = MemoryStore()
    law.append(Law(store))
    async with Engine(store, machines=[flow]) as engine:
        run = await engine.start(flow, *program.args, id="run")
        await run.wait()
        events = (await run.history()).events
    calls = len(script.outcome.calls)
    replayed(events, law[-1])
    assert law[-1].commits > 0
    assert len(script.outcome.calls) == calls
    law.clear()


@given(program=programs())
def test_replay_is_live_for_every_prefix_of_generated_runs(
    law: list[Law], program: Program
) -> None:
    asyncio.run(live(program, law))


OUTCOMES = st.sampled_from([None, OSError("reset"), shop.Declined("no"), ValueError("hm")])


@given(
    charge=st.lists(OUTCOMES, max_size=3),
    refund=st.lists(OUTCOMES, max_size=3),
    ship=st.lists(OUTCOMES, max_size=1),
    granted=st.sampled_from([True, False, None]),
    total=st.sampled_from([20, 2000]),
    answers=st.lists(st.sampled_from(["retry", "resolve", "skip"]), max_size=2),
)
def test_replay_is_live_for_orders_that_fail_and_are_undone(
    law: list[Law],
    charge: Any,
    refund: Any,
    ship: Any,
    granted: bool | None,
    total: int,
    answers: list[Any],
) -> None:
    async def main() -> None:
        shop.SCRIPT.update(charge=list(charge), refund=list(refund), ship=list(ship))
        store = MemoryStore()
        law.append(Law(store))
        order = shop.Order(id=1, total=Decimal(total), items=["tea"])
        async with Engine(store, machines=[shop.checkout]) as engine:
            run = await engine.start(shop.checkout, order, id="run")
            while (await run.snapshot()).ended is None:
                await engine.settle()
                await engine.tick()
                try:
                    if await run.status() == "undo failed":
                        answer: Any = answers.pop() if answers else "skip"
                        await engine.undo(run, "charge", answer, by="ann", reason="so")
                    elif granted is None:
                        await engine.cancel(run, reason="changed")
                    elif granted:
                        await engine.approve(run, "manager", by="ann")
                    else:
                        await engine.reject(run, "manager", by="ann", reason="no")
                except Refused:
                    await asyncio.sleep(0.001)  # a retry is due in a moment
            events = (await run.history()).events
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Step, "__call__", forbidden)
            patch.setattr(shop, "called", forbidden)
            replayed(events, law[-1])
        law.clear()
        shop.SCRIPT.clear()
        shop.CALLS.clear()

    asyncio.run(main())


def forbidden(*_: object, **__: object) -> None:
    message = "replay calls nothing"
    raise AssertionError(message)
