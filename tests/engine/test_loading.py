"""What comes to a run while it is loaded is in what was loaded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from interlock.engine import Engine, sessions
from interlock.machines import sleep, workflow
from interlock.projections import find_state


@workflow
async def loaded(days: int) -> int:
    await sleep(f"{days} days")
    return days


async def test_a_run_that_others_append_to_meanwhile_is_loaded_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(*args: Any, **kwargs: Any) -> Any:
        found = await find_state(*args, **kwargs)
        read.set()
        await go_on.wait()
        return found

    async with Engine("memory://", machines=[loaded]) as engine:
        run = await engine.start(loaded, 2, id="loaded")
        await engine.settle()
        monkeypatch.setattr(sessions, "find_state", slowly)
        loading = asyncio.create_task(engine.sessions.get("loaded"))
        await read.wait()
        other = Engine(engine.store, machines=[loaded], worker=False)
        async with other:
            monkeypatch.setattr(sessions, "find_state", find_state)
            await other.cancel("loaded")
            version = (await run.snapshot()).head.version
            engine.sessions.outdated("loaded", version)  # as the watch notices it
            go_on.set()
            assert (await loading).version == version
