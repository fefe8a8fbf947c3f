"""The timeline of a fork draws a call only where the fork made one."""

from __future__ import annotations

import pytest

from engine.test_forks_offers import flow, kid, offered, said
from interlock.engine import Engine
from interlock.engine.forks.discarding import own_calls
from interlock.projections import timeline
from interlock.store.backends.memory import MemoryStore

CALLED = {"call", "undo", "child"}


@pytest.mark.parametrize("live", [False, True])
async def test_what_a_fork_asks_about_is_drawn_as_asked(live: bool) -> None:
    kinds: set[str] = set()
    async with Engine(MemoryStore(), machines=[flow, kid]) as engine:
        await engine.start(flow, 2, id="run")
        await engine.settle()
        for at in range(1, 12):
            fork = await engine.fork("run", at, effects="ask")
            await engine.settle()
            while actions := await offered(engine, fork.id):
                chosen = next((a for a in actions if live and a.argv[3] == "--live"), actions[0])
                await said(engine, fork, chosen)
            state, events = await fork.snapshot(), (await fork.history()).events
            assert state.fork is not None
            made = {effect.activity for effect in own_calls(state, events)}
            began = events[state.fork.taken].at
            for bar in timeline(events).bars:
                spans = [s for s in bar.spans if s.end is None or s.end > began]
                assert bar.id in made or not CALLED & {span.kind for span in spans}, bar
                if bar.id in made:
                    assert CALLED & {span.kind for span in bar.spans}, bar
                kinds |= {span.kind for span in spans}
    assert "asked" in kinds
    assert bool(CALLED & kinds) == live
