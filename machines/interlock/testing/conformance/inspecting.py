"""What every backend promises about what audits read: digests, and a snapshot of everything."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from interlock.store import Definition, Store, Timer
from interlock.store.digest import digest_of
from interlock.store.inspection import Accepted, Digest
from interlock.testing.conformance.running import Run
from interlock.testing.conformance.samples import NOON, ONE, at, commit, entry


class Inspecting:
    """What every backend promises about what audits read: digests, and a snapshot of everything."""

    def test_the_digests_are_those_of_the_events(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            await asyncio.gather(*(store.append(commit(f"r{n}")) for n in range(120)))
            seen: list[Digest] = []
            while page := await store.digests(after=len(seen), limit=100):
                seen += page
            events = await store.log(limit=1000)
            assert seen == [Digest(e.position, e.stream, e.version, e.digest) for e in events]
            assert await store.digests(after=240) == []
            assert await store.digests(limit=0) == []

        run(scenario)

    def test_a_snapshot_holds_everything(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            timer = Timer("b", "nudge", at(5))
            first = await store.append(commit("b", set_timers=[timer], command_id="c-1"))
            await store.append(commit("a", bodies=ONE, when=NOON + timedelta(hours=1)))
            await store.define(Definition("abc", "checkout", "{}", "def checkout(): ..."))
            with store.inspect() as snapshot:
                rows = [*snapshot.rows()]
                assert [(row.stream, row.version) for row in rows] == [("a", 1), ("b", 1), ("b", 2)]
                assert rows[2].position == 2
                assert digest_of(*rows[2][:4]) == first.head.digest
                assert [*snapshot.rows("b")] == rows[1:]
                assert [*snapshot.digests(1)] == await store.digests(after=1)
                assert [(i.run, i.entry) for i in snapshot.entries()] == [
                    ("a", entry("a")),
                    ("b", entry("b")),
                ]
                assert [i.head for i in snapshot.entries()][1] == first.head
                assert [*snapshot.timers()] == [timer]
                assert [*snapshot.accepted()] == [Accepted("c-1", "b", 2)]
                assert snapshot.command("c-1") == Accepted("c-1", "b", 2)
                assert snapshot.command("c-2") is None
                assert [one.name for one in snapshot.definitions()] == ["checkout"]
                assert [*snapshot.archived("a")] == []
                assert [*snapshot.flaws()] == []
                assert (snapshot.events, snapshot.last) == (3, 3)

        run(scenario)

    def test_a_snapshot_does_not_see_what_comes_later(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            appended = await store.append(commit("a"))
            with store.inspect() as snapshot:
                assert len([*snapshot.rows()]) == 2
                await store.append(commit("a", appended.head, bodies=ONE))
                assert len([*snapshot.rows()]) == 2
                assert len([*snapshot.digests()]) == 2
            assert await store.position() == 3

        run(scenario)
