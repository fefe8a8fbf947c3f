"""Every backend is held to the contract that the conformance suite states."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from interlock.store import Store, open_store
from interlock.store.snapshot import SPACED, spare
from interlock.testing.conformance import SharedConformance, StoreConformance
from interlock.testing.faulty import FaultyStore


class TestMemory(StoreConformance):
    def make_store(self, folder: Path) -> Store:
        return open_store("memory://")


class TestSQLite(SharedConformance):
    def make_store(self, folder: Path) -> Store:
        return open_store(f"sqlite:///{folder}/log.db")


class TestWithoutFaults(StoreConformance):
    """A wrapper without faults is a store as any other."""

    def make_store(self, folder: Path) -> Store:
        return FaultyStore(open_store("memory://"))


@given(st.lists(st.integers(1, 9 * SPACED), unique=True))
def test_no_gap_between_snapshots_grows_beyond_two_spaces(versions: list[int]) -> None:
    ordered = sorted(versions)
    gone = spare(ordered)
    kept = [version for version in ordered if version not in gone]
    assert set(gone) < set(ordered) or not ordered
    assert kept[-2:] == ordered[-2:]
    for version in ordered:  # whatever is opened, its snapshot is not far below
        nearest = max(found for found in kept if found <= version)
        assert version - nearest < SPACED
