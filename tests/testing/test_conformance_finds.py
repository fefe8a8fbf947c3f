"""The conformance suite finds stores that break a promise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace

from interlock.store import Appended, Commit, Entry, Filter, Store
from interlock.store.backends.memory import MemoryStore
from interlock.store.event import Event
from interlock.testing.conformance import StoreConformance, suite
from interlock.testing.conformance.running import Run, Scenario


class ForgetsTaken(MemoryStore):
    async def append(self, commit: Commit) -> Appended:
        return await super().append(replace(commit, taken=()))


class FindsAnywhere(MemoryStore):
    async def entries(self, where: Filter | None = None) -> list[Entry]:
        if where is None or not where.prefix:
            return await super().entries(where)
        every = await super().entries(Filter(prefix=""))
        return [row for row in every if where.prefix in row.run]


class NeverRings(MemoryStore):
    def _tell(self, events: Sequence[Event]) -> None:
        """Followers hear of nothing."""


def run_on(kind: Callable[[], Store]) -> Run:
    """The suite's own fixture, for a store of this kind."""

    class Suite(StoreConformance):
        def make_store(self, folder: object) -> Store:
            return kind()

    def run(scenario: Scenario) -> None:
        fixture = Suite.run.__wrapped__  # type: ignore[attr-defined]  # pytest keeps it there
        fixture(Suite(), None)(scenario)

    return run


@pytest.mark.parametrize(
    ("kind", "test"),
    [
        (ForgetsTaken, StoreConformance.test_command_ids_that_are_taken_over_are_accepted_no_more),
        (FindsAnywhere, StoreConformance.test_entries_are_found_by_how_their_ids_begin),
    ],
)
def test_it_is_found(
    kind: Callable[[], Store], test: Callable[[StoreConformance, Run], None]
) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        test(StoreConformance(), run_on(kind))
    test(StoreConformance(), run_on(MemoryStore))


def test_who_waits_for_ever_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "_PATIENCE", 0.3)
    run = run_on(NeverRings)
    with pytest.raises(pytest.fail.Exception, match="lets one wait"):
        StoreConformance().test_a_follower_sees_every_event_once_in_order(run)


def test_a_store_that_is_out_of_time_says_so_itself() -> None:
    async def scenario(store: Store) -> None:
        await asyncio.sleep(0)
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        run_on(MemoryStore)(scenario)
