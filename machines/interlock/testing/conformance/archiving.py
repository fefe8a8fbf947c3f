"""What every backend promises about archived runs: marked, swept, put back, here again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from interlock.store import (
    BadArchive,
    Conflict,
    Filter,
    Head,
    RunArchived,
    Snapshot,
    Store,
    StoreClosed,
)
from interlock.store.archive.moving import commit_of
from interlock.store.inspection import Raw
from interlock.store.retention import ARCHIVE, RunsArchived, RunsRestored
from interlock.testing.conformance.running import Run
from interlock.testing.conformance.samples import ANN, NOON, commit, entry

GONE, BACK = RunsArchived("f", "sum", 2, []), RunsRestored("f", [])


async def ended(store: Store, run: str = "a") -> Head:
    """A run that has ended."""
    row = entry(run, status="completed")
    return (await store.append(commit(run, row=row, command_id=f"c-{run}"))).head


async def archive(store: Store, **heads: Head) -> None:
    """Mark runs as archived."""
    await store.archive(await commit_of(store, GONE, ANN, NOON), heads, "f")


def rows_of(store: Store, run: str) -> list[Raw]:
    """The stored events of a run."""
    with store.inspect() as seen:
        return [*seen.rows(run)]


class Archiving:
    """What every backend promises about archived runs: marked, swept, put back, here again."""

    def test_an_archived_run_takes_nothing_and_keeps_its_names(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            head = await ended(store)
            await store.keep_snapshot(Snapshot("a", 2, head.digest, "h", "f1", b""))
            await archive(store, a=head)
            found = await store.entry("a")
            assert found == entry("a", status="completed", archive="f")
            assert await store.head("a") == head
            assert await store.command("c-a") == ("a", 2)
            assert await store.snapshot("a", fold="f1") is None
            for follows in (head, Head()):
                with pytest.raises(RunArchived) as refused:
                    await store.append(commit("a", follows))
                assert (refused.value.stream, refused.value.file) == ("a", "f")
            assert (await store.read(ARCHIVE))[0].body == GONE
            assert [e.run for e in await store.entries(Filter(archived=True))] == ["a"]

        run(scenario)

    def test_only_runs_that_have_ended_are_archived_and_all_or_none(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            head, going = await ended(store), (await store.append(commit("b"))).head
            moved = replace(head, version=1)
            for heads in ({"b": going}, {"a": head, "b": going}, {"a": moved}, {"c": Head()}):
                with pytest.raises(Conflict) as refused:
                    await archive(store, **heads)
                assert refused.value.stream != "a" or heads == {"a": moved}
            assert await store.entries(Filter(archived=True)) == []
            assert await store.position() == 4
            await archive(store, a=head)
            with pytest.raises(Conflict):
                await archive(store, a=head)

        run(scenario)

    def test_rows_go_oldest_first_and_come_back(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            head = await ended(store)
            events, digests, rows = (
                await store.read("a"),
                await store.digests(),
                rows_of(store, "a"),
            )
            assert await store.sweep(["a"], limit=5) == 0  # it is not archived
            await archive(store, a=head)
            assert await store.unswept() == ["a"]
            assert await store.sweep(["a"], limit=1) == 1
            assert rows_of(store, "a") == rows[1:]
            assert await store.read("a", after=1) == events[1:]
            with pytest.raises(RunArchived):
                await store.read("a")
            assert await store.sweep(["a"], limit=5) == 1
            assert await store.sweep(["a"], limit=5) == 0
            assert await store.unswept() == []
            assert (await store.digests())[:2] == digests
            assert [event.stream for event in await store.log()] == [ARCHIVE]
            with pytest.raises(Conflict):
                await store.unarchive(await commit_of(store, BACK, ANN, NOON), ["a"])
            await store.put_back(rows[1:])
            with pytest.raises(Conflict):
                await store.unarchive(await commit_of(store, BACK, ANN, NOON), ["a"])
            await store.put_back(rows)  # one of them is there already
            await store.unarchive(await commit_of(store, BACK, ANN, NOON), ["a"])
            assert await store.read("a") == events
            assert await store.entry("a") == entry("a", status="completed")
            assert (await store.append(commit("a", head))).head.version == 4

        run(scenario)

    def test_runs_are_told_something_as_they_come_back_or_stay_away(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            heads = {name: await ended(store, name) for name in ("a", "b")}
            await archive(store, **heads)
            row, elsewhere = entry("a", status="completed"), replace(heads["a"], version=1)
            for head, back in ((elsewhere, ["a"]), (heads["a"], ["b"])):
                made = await commit_of(store, BACK, ANN, NOON)
                with pytest.raises(Conflict) as refused:
                    await store.unarchive(made, back, [commit("a", head, row=row)])
                assert refused.value.stream == "a"
                assert len(await store.entries(Filter(archived=True))) == 2
                assert await store.position() == 5
            heard: list[str] = []
            store.on_append(lambda events: heard.extend(event.stream for event in events))
            made = await commit_of(store, BACK, ANN, NOON)
            appended = await store.unarchive(made, ["a", "b"], [commit("a", heads["a"], row=row)])
            assert [event.stream for event in appended.events] == [ARCHIVE, "a", "a"] == heard
            assert appended.head == await store.head(ARCHIVE)
            told = await store.read("a", after=2)
            assert [event.position for event in told] == [7, 8]
            assert (await store.head("a")).digest == told[-1].digest
            with store.inspect() as seen:
                assert [*seen.flaws()] == []

        run(scenario)

    def test_nothing_but_what_was_archived_is_put_back(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            head = await ended(store)
            rows = rows_of(store, "a")
            await archive(store, a=head)
            await store.sweep(["a"], limit=5)
            wrong = [
                rows[0]._replace(position=rows[1].position),
                rows[0]._replace(position=999),
                rows[0]._replace(state=rows[0].state.replace(b"3", b"4")),
                rows[0]._replace(stream="b"),
            ]
            for row in wrong:
                with pytest.raises(BadArchive):
                    await store.put_back([rows[1], row])
            with store.inspect() as seen:
                assert [one.version for one in seen.archived("a")] == [1, 2]
                assert [*seen.flaws()] == []

        run(scenario)

    def test_the_end_of_the_log_stays_when_its_events_go(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            head = await ended(store)
            await archive(store, a=head)
            last = await ended(store, "z")
            await archive(store, z=last)
            await store.sweep(["a", "z"], limit=9)
            end = await store.position()
            appended = await store.append(commit("new"))
            assert appended.events[0].position == end + 1

        run(scenario)

    def test_a_closed_store_archives_nothing(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            head = await ended(store)
            made = await commit_of(store, GONE, ANN, NOON)
            await store.close()
            calls: list[Callable[[], Awaitable[object]]] = [
                lambda: store.archive(made, {"a": head}, "f"),
                lambda: store.unarchive(made, ["a"]),
                lambda: store.sweep(["a"], limit=1),
                store.unswept,
                lambda: store.put_back([]),
                lambda: store.snapshot("a", fold="f"),
                lambda: store.drop_snapshots("a"),
                store.log_id,
            ]
            for call in calls:
                with pytest.raises(StoreClosed):
                    await call()

        run(scenario)
