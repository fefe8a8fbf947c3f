"""Law: a fork of any run, at any instant, calls nothing, and ends as its parent did."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from engine import sagas
from engine.sagas import World, composed
from engine.test_saga_law import Answer, Move, Stage, answers, kinds, which
from interlock.engine import Engine
from interlock.machines import Workflow
from interlock.projections import History, RunState
from interlock.store.contract import FINISHED


class Played(Stage):
    """A run that is played to its end, and then forked."""

    async def fork(self, run: str, at: int, deaths: list[tuple[int, bool]]) -> RunState:
        """A fork's last state; its engine dies meanwhile."""
        sagas.WORLD = World()
        self.store.deaths = list(deaths)
        while True:
            self.store.reborn()
            engine = Engine(self.store, machines=[self.flow])
            await engine.__aenter__()
            making: asyncio.Future[Any] = asyncio.ensure_future(engine.fork(run, at, id="fork"))
            for _ in range(3):
                await self.quiet()
            if not self.store.dead:
                await engine.settle()
                if not self.store.dead:
                    making.result()
                    await engine.close()
                    return (await self.history("fork")).replay()
            making.cancel()
            await asyncio.wait_for(engine.close(), 5)


def same_end(parent: RunState, fork: RunState) -> None:
    """Both ended alike, with the same things undone."""
    assert fork.status == parent.status
    if parent.status == "completed" and parent.compensation is None:
        assert fork.image.plain(fork.result) == parent.image.plain(parent.result)
    if parent.error is not None:
        assert fork.error is not None
        assert fork.error.message == parent.error.message
    if parent.compensation is not None:
        assert fork.compensation is not None
        assert fork.compensation.undone == parent.compensation.undone
        assert fork.compensation.not_undone == parent.compensation.not_undone


def ending(parent: History, at: int) -> RunState:
    """How a run ended by itself: not by the word of one that it was a child of."""
    for event in parent.events[at:]:
        if event.type == "CompensationRequested":
            return parent.state(event.version - 1)
    return parent.replay()


async def play(
    flow: Workflow[..., Any],
    moves: list[Move],
    said: list[Answer],
    place: float,
    deaths: list[tuple[int, bool]],
) -> None:
    stage = Played(flow, moves, said)
    await stage.play()
    entries = await stage.store.entries()
    entry = entries[int(place * 1000) % len(entries)]
    parent = await stage.history(entry.run)
    at = 1 + int(place * len(parent))
    note(f"{entry.run} at {at} of {len(parent)}")
    for event in parent.events:
        note(f"{event.version} {event.body}")
    state = await stage.fork(entry.run, at, deaths)
    forked = await stage.history("fork")
    for event in forked.events:
        note(f"{event.version} {event.body}")
    assert not sagas.WORLD.waiting
    assert not sagas.WORLD.called
    assert not sagas.WORLD.returned
    assert not stage.engine.held
    assert state.status in FINISHED, [*state.pending.values()]
    same_end(ending(parent, at), state)
    forked.verify()
    again = History(await stage.store.read(entry.run))
    made = [event.body for event in again.events[len(parent) :]]
    assert [getattr(body, "fork", "") for body in made] == ["fork"]
    assert again.replay().status == parent.replay().status


@settings(max_examples=2 * settings().max_examples // 3)
@given(
    seed=st.integers(0, 2**32),
    moves=st.lists(st.tuples(kinds, which), max_size=25),
    said=st.lists(answers, max_size=6),
    place=st.floats(0, 0.999),
    deaths=st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=3),
)
def test_a_fork_calls_nothing_and_ends_as_its_parent(
    seed: int,
    moves: list[Move],
    said: list[Answer],
    place: float,
    deaths: list[tuple[int, bool]],
) -> None:
    source, flow = composed(Random(seed))
    note(source)
    asyncio.run(play(flow, moves, said, place, deaths))


@settings(max_examples=6)
@given(place=st.sampled_from([0.35, 0.3667, 0.3833, 0.4, 0.4167, 0.4333]))
def test_what_begins_when_the_run_moves_keeps_its_turn(place: float) -> None:
    """A join of what is over leads to a call whose outcome was recorded before another's."""
    _, flow = composed(Random(32325668))
    said: list[Answer] = [("retry", 0), ("retry", 6), ("skip", 5)]
    asyncio.run(play(flow, [], said, place, []))
