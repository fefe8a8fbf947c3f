"""What a backend promises that keeps its log where the next process finds it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from interlock.store import Conflict, Definition, DuplicateCommand, Snapshot, Store, Timer, verify
from interlock.testing.conformance.samples import ONE, at, commit, entry


class Lasting:
    """What a backend promises that keeps its log where the next process finds it."""

    make_store: Callable[[Path], Store]

    def test_everything_is_there_when_it_is_opened_again(self, tmp_path: Path) -> None:
        timer, definition = Timer("a", "nudge", at(5)), Definition("h", "n", "{}", "source")

        async def write() -> tuple[object, ...]:
            store = self.make_store(tmp_path)
            head = (await store.append(commit("a", set_timers=[timer], command_id="c-1"))).head
            await store.append(commit("b", bodies=ONE, row=entry("b", status="waiting")))
            await store.define(definition)
            await store.keep_snapshot(Snapshot("a", 2, head.digest, "h", "f1", b"\x00\xff"))
            return await self._seen(store)

        async def look() -> tuple[object, ...]:
            return await self._seen(self.make_store(tmp_path))

        first = asyncio.run(write())
        assert first[0] == 3
        assert first[2] == [timer]
        assert first[4] == definition
        assert asyncio.run(look()) == first

    async def _seen(self, store: Store) -> tuple[object, ...]:
        """All that can be asked; the store is closed then."""
        found = (
            await store.position(), await store.log(), await store.timers("a"),
            await store.entries(), await store.definition("h"), await store.command("c-1"),
            await store.head("a"), await store.log_id(), await store.next_due(),
            await store.snapshot("a", fold="f1"),
        )  # fmt: skip
        await store.close()
        return found

    def test_a_stream_goes_on_where_it_ended(self, tmp_path: Path) -> None:
        async def scene() -> None:
            first = self.make_store(tmp_path)
            head = (await first.append(commit("a", command_id="c-1"))).head
            await first.close()
            again = self.make_store(tmp_path)
            with pytest.raises(Conflict):
                await again.append(commit("a"))
            with pytest.raises(DuplicateCommand):
                await again.append(commit("a", head, command_id="c-1"))
            last = (await again.append(commit("a", head, bodies=ONE))).head
            assert verify(await again.read("a"), head=last) == last
            assert await again.position() == 3
            await again.close()

        asyncio.run(scene())


class Sharing:
    """What a backend promises that several processes may use at the same time."""

    make_store: Callable[[Path], Store]

    def test_of_two_that_write_at_the_same_head_one_wins(self, tmp_path: Path) -> None:
        async def scene(one: Store, other: Store) -> None:
            head = (await one.append(commit("a"))).head
            assert await other.head("a") == head
            outcomes = await asyncio.gather(
                *(store.append(commit("a", head)) for store in (one, other)),
                return_exceptions=True,
            )
            assert sorted(type(outcome).__name__ for outcome in outcomes) == [
                "Appended",
                "Conflict",
            ]
            assert await one.read("a") == await other.read("a")

        self._both(tmp_path, scene)

    def test_one_has_the_role_of_the_worker_until_it_gives_it_back(self, tmp_path: Path) -> None:
        async def scene(one: Store, other: Store) -> None:
            assert one.acquire_worker()
            assert one.acquire_worker()
            assert not other.acquire_worker()
            one.release_worker()
            assert other.acquire_worker()
            other.release_worker()

        self._both(tmp_path, scene)

    def test_a_follower_sees_what_the_other_appends(self, tmp_path: Path) -> None:
        async def scene(one: Store, other: Store) -> None:
            seen: list[int] = []

            async def listen() -> None:
                async for event in one.follow():
                    seen.append(event.position)
                    if len(seen) == 4:
                        return

            listening = asyncio.create_task(listen())
            await other.append(commit("a"))
            await other.append(commit("b"))
            await asyncio.wait_for(listening, 30)
            assert seen == [1, 2, 3, 4]

        self._both(tmp_path, scene)

    def _both(
        self, folder: Path, scene: Callable[[Store, Store], Coroutine[Any, Any, None]]
    ) -> None:
        async def opened() -> None:
            one, other = self.make_store(folder), self.make_store(folder)
            try:
                await scene(one, other)
            finally:
                await one.close()
                await other.close()

        asyncio.run(opened())
