"""What every backend promises about the index, timers and definitions."""

from __future__ import annotations

import pytest

from interlock.store import (
    Definition,
    Filter,
    Store,
    Timer,
    verify,
)
from interlock.testing.conformance.running import Run
from interlock.testing.conformance.samples import at, commit, entry


class Indexing:
    """What every backend promises about the index, timers and definitions."""

    def test_timers_are_set_replaced_and_cleared(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            set_timers = [Timer("a", "x", at(5)), Timer("a", "y", at(1))]
            head = (await store.append(commit("a", set_timers=set_timers))).head
            await store.append(commit("b", set_timers=[Timer("b", "x", at(3))]))
            assert await store.next_due() == at(1)
            assert [(t.run, t.name) for t in await store.due(at(3))] == [("a", "y"), ("b", "x")]
            assert await store.due(at(5), limit=1) == [Timer("a", "y", at(1))]
            await store.append(
                commit("a", head, clear_timers=["y", "none"], set_timers=[Timer("a", "x", at(9))])
            )
            assert await store.timers("a") == [Timer("a", "x", at(9))]
            assert await store.timers("b") == [Timer("b", "x", at(3))]
            assert await store.next_due() == at(3)

        run(scenario)

    def test_entries_are_in_natural_order_in_pages(self, run: Run) -> None:
        runs = ["order-1", "order-2", "order-10", "order-10a", "order-100", "zebra"]

        async def scenario(store: Store) -> None:
            for name in reversed(runs):
                await store.append(commit(name))
            assert [row.run for row in await store.entries()] == runs
            page = await store.entries(Filter(after="order-2", limit=2))
            assert [row.run for row in page] == ["order-10", "order-10a"]
            assert [row.run for row in await store.entries(Filter(after="order-99"))] == runs[4:]
            assert await store.entries(Filter(limit=0)) == []

        run(scenario)

    def test_entries_are_filtered(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            rows = [
                entry("a", machine="m1"),
                entry("b", status="completed", state="end", waits="", waits_for=""),
                entry("c", status="waiting", waits="approval", waits_for="manager"),
                entry("d", status="failed", waits="", waits_for=""),
            ]
            for row in rows:
                await store.append(commit(row.run, row=row))

            async def names(where: Filter) -> str:
                return "".join(row.run for row in await store.entries(where))

            assert await names(Filter(machine="m1")) == "a"
            assert await names(Filter(state="end")) == "b"
            assert await names(Filter(status=("waiting", "failed"))) == "cd"
            assert await names(Filter(waits="approval")) == "c"
            assert await names(Filter(waits="")) == "bd"
            assert await names(Filter(finished=True)) == "bd"
            assert await names(Filter(finished=False)) == "ac"
            assert await names(Filter(ids=("a", "d", "nobody"), finished=True)) == "d"
            assert await store.entries(Filter(machine="m1")) == [rows[0]]

        run(scenario)

    def test_entries_are_found_by_how_their_ids_begin(self, run: Run) -> None:
        runs = ["a%b", "a_b", "ab", "aXb", "b-a", "ba", "A", "$own"]

        async def scenario(store: Store) -> None:
            for name in runs:
                await store.append(commit(name))
            for prefix in ("", "a", "a%", "a_", "ab", "b", "$", "nobody"):
                found = {row.run for row in await store.entries(Filter(prefix=prefix))}
                assert found == {name for name in runs if name.startswith(prefix)}
            found = {row.run for row in await store.entries()}
            assert found == {*runs} - {"$own"}

        run(scenario)

    def test_a_stream_can_finish_and_move_again(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            head = (await store.append(commit("a"))).head
            for status, finished in (("failed", True), ("running", False), ("completed", True)):
                head = (await store.append(commit("a", head, row=entry("a", status=status)))).head
                assert len(await store.entries(Filter(finished=finished))) == 1
                assert await store.entries(Filter(finished=not finished)) == []

        run(scenario)

    def test_definitions_are_kept_by_hash(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            definition = Definition("h1", "checkout", "{}", "async def checkout(): ...")
            await store.define(definition)
            await store.define(definition)
            assert await store.definition("h1") == definition

        run(scenario)

    @pytest.mark.parametrize(
        "run_id", ["ünïcode-☃", "a'b\"c", "sp ace", "x" * 500, "00-01", "-1", "٣"]
    )
    def test_ids_may_be_any_text(self, run: Run, run_id: str) -> None:
        async def scenario(store: Store) -> None:
            head = (await store.append(commit(run_id))).head
            await store.append(commit(run_id, head))
            assert [row.run for row in await store.entries()] == [run_id]
            assert verify(await store.read(run_id)).version == 4

        run(scenario)
