"""What every backend promises about snapshots, and which of them are kept."""

from __future__ import annotations

from interlock.store import Snapshot, Store
from interlock.store.snapshot import SPACED
from interlock.testing.conformance.running import Run


def snapshot(run: str, version: int, *, fold: str = "f1", state: bytes = b"{}") -> Snapshot:
    """A snapshot of a stream at a version."""
    return Snapshot(run, version, f"digest-{version}", "h", fold, state)


class Snapshotting:
    """What every backend promises about snapshots, and which of them are kept."""

    def test_the_newest_snapshot_up_to_a_version_is_found(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            kept = [snapshot("a", 500), snapshot("a", 1000, state=b"\x00\xff")]
            for one in [*kept, snapshot("b", 700)]:
                await store.keep_snapshot(one)
            assert await store.snapshot("a", fold="f1") == kept[1]
            assert await store.snapshot("a", fold="f1", upto=999) == kept[0]
            assert await store.snapshot("a", fold="f1", upto=499) is None
            assert await store.snapshot("nobody", fold="f1") is None

        run(scenario)

    def test_snapshots_of_other_code_are_not_found_and_go_with_the_next(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            await store.keep_snapshot(snapshot("a", 500))
            assert await store.snapshot("a", fold="f2") is None
            await store.keep_snapshot(snapshot("a", 400, fold="f2"))
            assert await store.snapshot("a", fold="f1") is None
            assert await store.snapshot("a", fold="f2") == snapshot("a", 400, fold="f2")

        run(scenario)

    def test_a_snapshot_is_replaced_by_one_of_the_same_version(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            await store.keep_snapshot(snapshot("a", 500, state=b"1"))
            await store.keep_snapshot(snapshot("a", 500, state=b"2"))
            assert await store.snapshot("a", fold="f1") == snapshot("a", 500, state=b"2")

        run(scenario)

    def test_snapshots_are_dropped_of_one_stream_or_all(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            for name in "abc":
                await store.keep_snapshot(snapshot(name, 500))
            await store.drop_snapshots("b")
            found = [await store.snapshot(name, fold="f1") for name in "abc"]
            assert found == [snapshot("a", 500), None, snapshot("c", 500)]
            await store.drop_snapshots()
            assert [await store.snapshot(name, fold="f1") for name in "abc"] == [None] * 3

        run(scenario)

    def test_superfluous_snapshots_go(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            for version in range(1000, 3 * SPACED, 1000):
                await store.keep_snapshot(snapshot("a", version))
            left = list[int]()
            upto = 3 * SPACED
            while (found := await store.snapshot("a", fold="f1", upto=upto)) is not None:
                left.append(found.version)
                upto = found.version - 1
            assert left == [29_000, 28_000, 20_000, 10_000, 1000]

        run(scenario)
