"""Runs under new code: making a fork of one does not move it."""

from __future__ import annotations

from engine.test_going_on import called, engine_entry, first, longer, migrations, parked
from engine.trouble import Ping, Troubled
from interlock.engine import Engine


async def test_a_run_that_is_only_forked_keeps_its_definition() -> None:
    for upto in ("wait:Ping", "completed"):
        store = Troubled()
        await parked(store, first, "x")
        if upto == "completed":
            async with Engine(store, machines=[called(first)]) as engine:
                await engine.send("run", Ping(number=1))
                await (await engine.get("run")).result()
        async with Engine(store, machines=[called(longer)]) as engine:
            fork = await engine.fork("run", id="fork")
            await engine.settle()
            assert await (await engine.get("run")).state() == upto
            assert (await (await engine.get("run")).snapshot()).forks == [fork.id]
        assert await migrations(store) == []
        assert (await engine_entry(store)).hash == called(first).machine.hash
