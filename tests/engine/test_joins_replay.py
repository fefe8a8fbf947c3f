"""Law: a run that does several things at once is, folded from any prefix, what it was live."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import fans
from engine.board import Board, Life
from engine.replaying import Law, in_force, replayed
from engine.rich import RICH, Note, Stop
from interlock.engine import Engine, UnknownRun
from interlock.machines import Refused


@pytest.fixture(scope="module")
def law() -> Iterator[list[Law]]:
    with in_force() as laws:
        yield laws


async def people(engine: Engine, random: Random) -> None:
    """Decide on what waits, and say something to whoever listens."""
    for pending in await engine.approvals():
        await engine.approve(pending.run, pending.activity, by="ann")
        return
    try:
        await engine.send("run", random.choice([Note(text="hello"), Note(text="well"), Stop()]))
    except (Refused, UnknownRun):
        return


@given(
    name=st.sampled_from([*RICH]),
    seed=st.integers(0, 2**32),
    crashes=st.lists(st.tuples(st.integers(1, 20), st.booleans()), max_size=3),
)
def test_replay_is_live_for_every_prefix_of_rich_runs(
    law: list[Law], name: str, seed: int, crashes: list[tuple[int, bool]]
) -> None:
    async def main() -> None:
        fans.BOARD.append(Board())
        life = Life(fans.BOARD[-1], Random(seed), crashes, people=people)
        law[:] = [Law(life.store)]
        flow, given_to_it = RICH[name]
        state = await life.live(flow, given_to_it)
        assert state.status == "completed"
        for entry in await life.store.entries():
            replayed(await life.store.read(entry.run), law[-1])
        life.check()
        assert law[-1].commits > 0
        law.clear()
        fans.BOARD.pop()

    asyncio.run(main())
