"""Whose turn it is to decide and append: against a plain queue, cancellations included."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.engine import Engine
from interlock.engine.session import Session
from interlock.engine.turn import Turn
from interlock.machines import step, workflow

MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("come"), st.just(0)),
        st.tuples(st.just("end"), st.just(0)),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
        st.tuples(st.just("end and cancel"), st.integers(0, 5)),
        st.tuples(st.just("look"), st.just(0)),
    ),
    max_size=30,
)


@given(MOVES)
def test_one_at_a_time_in_the_order_in_which_they_came(moves: list[tuple[str, int]]) -> None:
    asyncio.run(_play(moves))


async def _play(moves: list[tuple[str, int]]) -> None:
    turn = Turn()
    inside: list[int] = []  # in the order in which they got it
    ends: dict[int, asyncio.Event] = {}
    tasks: dict[int, asyncio.Task[None]] = {}
    waiting: list[int] = []  # the model

    async def one(number: int) -> None:
        async with turn:
            assert not _under_way(inside, ends)
            inside.append(number)
            await ends[number].wait()

    async def rest() -> None:
        for _ in range(4):
            await asyncio.sleep(0)

    for number, (move, which) in enumerate(moves):
        if move == "come":
            ends[number] = asyncio.Event()
            tasks[number] = asyncio.create_task(one(number))
            waiting.append(number)
            await rest()
        if move.startswith("end") and waiting:
            ends[waiting.pop(0)].set()
        if move.endswith("cancel") and which < len(waiting):
            gone = waiting.pop(which)
            tasks[gone].cancel()
            ends[gone].set()  # it is not under way any more, if it was
        if move != "end":  # an end and what follows may meet in one turn of the loop
            await rest()
    await rest()
    if waiting:
        assert _under_way(inside, ends) == waiting[:1]
    for number in waiting:
        ends[number].set()
    await asyncio.gather(*tasks.values(), return_exceptions=True)
    assert inside == sorted(inside)
    assert turn.take()
    assert not turn.take()


def _under_way(inside: list[int], ends: dict[int, asyncio.Event]) -> list[int]:
    return [number for number in inside[-1:] if not ends[number].is_set()]


@step
async def ticked(n: int) -> int:
    return n + 1


@workflow
async def ticking(n: int) -> int:
    for _ in range(3):
        n = await ticked(n)
    return n


async def test_a_run_that_is_over_leaves_nothing_to_the_collector(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[weakref.ref[Any]] = []
    begin = Session.__init__

    def noting(self: Session, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        made.append(weakref.ref(self))

    monkeypatch.setattr(Session, "__init__", noting)
    async with Engine("memory://", machines=[ticking]) as engine:
        gc.disable()
        try:
            run = await engine.start(ticking, 1, id="over")
            assert await run.result() == 4
            await engine.settle()
            for _ in range(5):
                await asyncio.sleep(0)
            assert made
            assert [one() for one in made] == [None] * len(made)
        finally:
            gc.enable()
