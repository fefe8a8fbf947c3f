"""A store of each backend, closed after the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from interlock.store import Store, open_store

Opening = Callable[[], AbstractAsyncContextManager[Store]]
Scenario = Callable[[Store], Awaitable[None]]


@pytest.fixture(params=["memory", "sqlite"])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Opening:
    """Opens a new store of each backend."""
    count = 0

    @asynccontextmanager
    async def opened() -> AsyncGenerator[Store]:
        nonlocal count
        count += 1
        url = f"sqlite:///{tmp_path}/s{count}.db" if request.param == "sqlite" else "memory://"
        store = open_store(url)
        try:
            yield store
        finally:
            await store.close()

    return opened


@pytest.fixture
def run(opening: Opening) -> Callable[[Scenario], None]:
    """Runs a scenario with a new store on a new loop."""

    async def scene(scenario: Scenario) -> None:
        async with opening() as store:
            await scenario(store)

    return lambda scenario: asyncio.run(scene(scenario))
