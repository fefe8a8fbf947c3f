"""Law: a run that is cancelled ends, whatever it did and wherever the engine died meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine import cancels, edges, fans
from engine.board import Board, Life
from engine.cancels import Paid
from engine.replaying import Law, in_force, replayed
from engine.rich import RICH, Note
from interlock.engine import Engine, UnknownRun
from interlock.machines import Refused
from interlock.store.contract import FINISHED

FLOWS = {
    **RICH,
    "losing": (cancels.losing, 5),
    "failing": (cancels.failing, 5),
    "everything": (cancels.everything, 5),
    "taking back": (cancels.taking_back, 5),
    "leaving behind": (cancels.leaving_behind, "return"),
    "all lost": (cancels.all_lost, [1, 2, 3, 4]),
    "pausing": (edges.pausing, [1, 2, 3, 4, 5]),
    "backing off": (edges.backing_off_beside, 7),
    "handing over": (edges.handing_over, 1),
}


@pytest.fixture(scope="module")
def law() -> Iterator[list[Law]]:
    with in_force() as laws:
        yield laws


async def people(engine: Engine, random: Random) -> None:
    """Decide, talk, or lose patience."""
    try:
        match random.choice(("decide", "note", "pay", "cancel", "cancel")):
            case "decide":
                for pending in await engine.approvals():
                    await engine.approve(pending.run, pending.activity, by="ann")
                    return
            case "note":
                await engine.send("run", Note(text="hello"))
            case "pay":
                await engine.send("run", Paid(amount=3))
            case _:
                await engine.cancel("run", reason="no patience")
    except (Refused, UnknownRun):
        return


@example(name="families", seed=475, crashes=[(13, True)])  # a child told to stop fails by itself
@given(
    name=st.sampled_from([*FLOWS]),
    seed=st.integers(0, 2**32),
    crashes=st.lists(st.tuples(st.integers(1, 20), st.booleans()), max_size=3),
)
def test_nothing_is_left_of_a_run_that_was_cancelled(
    law: list[Law], name: str, seed: int, crashes: list[tuple[int, bool]]
) -> None:
    async def main() -> None:
        fans.BOARD.append(Board())
        life = Life(fans.BOARD[-1], Random(seed), crashes, people=people)
        law[:] = [Law(life.store)]
        flow, given_to_it = FLOWS[name]
        state = await life.live(flow, given_to_it)
        asked = state.cancel is not None
        assert state.status in (("completed", "cancelled") if asked else ("completed",))
        assert not state.pending
        free = {"free"}
        for entry in await life.store.entries():
            assert entry.status in FINISHED or entry.run in free
            replayed(await life.store.read(entry.run), law[-1])
        left = await life.store.due(life.clock.now() + timedelta(days=99))
        assert not [timer for timer in left if timer.run not in free]
        life.check()
        law.clear()
        fans.BOARD.pop()

    asyncio.run(main())
