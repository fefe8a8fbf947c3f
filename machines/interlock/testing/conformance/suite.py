"""`StoreConformance`: everything that the engine relies on, as tests of one backend."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from interlock.store import Store
from interlock.testing.conformance.appending import Appending
from interlock.testing.conformance.archiving import Archiving
from interlock.testing.conformance.complete import once
from interlock.testing.conformance.following import Following
from interlock.testing.conformance.indexing import Indexing
from interlock.testing.conformance.inspecting import Inspecting
from interlock.testing.conformance.lasting import Lasting, Sharing
from interlock.testing.conformance.running import Run, Scenario
from interlock.testing.conformance.snapshotting import Snapshotting

_PATIENCE = 120
"""Seconds that a test may take; each is done in less than one where nothing is lost."""


class StoreConformance(Appending, Following, Indexing, Inspecting, Snapshotting, Archiving):
    """What every store promises, whatever it keeps its log in.

    `class TestMyStore(StoreConformance)` with a method `make_store` is all that is written. Each
    test is given a new store, on a new event loop. A store that keeps its log for the next process
    is held to `DurableConformance`, one that several processes use at once to `SharedConformance`.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not hasattr(cls.make_store, "__wrapped__") or "make_store" in vars(cls):
            setattr(cls, "make_store", once(cls.make_store))  # noqa: B010  a method, to mypy

    def make_store(self, folder: Path) -> Store:
        """An open store, empty for an empty folder. No event loop runs yet, or one does.

        Args:
            folder: new for each test; the same folder again means the same log.
        """
        raise NotImplementedError

    @pytest.fixture
    def run(self, tmp_path: Path) -> Run:
        """Runs a scenario with a new store."""

        async def scene(scenario: Scenario) -> None:
            store = self.make_store(tmp_path)
            limit = asyncio.timeout(_PATIENCE)
            try:
                async with limit:
                    await scenario(store)
            except TimeoutError:
                if not limit.expired():
                    raise
                pytest.fail(f"the store lets one wait: nothing came for {_PATIENCE} seconds")
            finally:
                await store.close()

        return lambda scenario: asyncio.run(scene(scenario))


class DurableConformance(Lasting, StoreConformance):
    """What a store promises besides that keeps its log where the next process finds it."""


class SharedConformance(Sharing, DurableConformance):
    """What a store promises besides that several processes may use at the same time."""
