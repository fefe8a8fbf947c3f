"""What every backend promises about reading, following, listening and closing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from interlock.store import (
    Conflict,
    Definition,
    Event,
    Store,
    StoreClosed,
    verify,
)
from interlock.store.vocabulary import StepSucceeded
from interlock.testing.conformance.running import Run
from interlock.testing.conformance.samples import NOON, ONE, commit


class Following:
    """What every backend promises about reading, following, listening and closing."""

    def test_the_log_is_paged(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            await asyncio.gather(*(store.append(commit(f"r{n}")) for n in range(120)))
            seen: list[Event] = []
            while page := await store.log(after=len(seen), limit=100):
                seen += page
            assert [event.position for event in seen] == list(range(1, 241))
            assert [event.position for event in await store.log(limit=3)] == [1, 2, 3]
            assert await store.position() == 240

        run(scenario)

    def test_a_long_stream_is_read_whole(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            bodies = [StepSucceeded("a#1", "a", n) for n in range(700)]
            appended = await store.append(commit("a", bodies=bodies))
            assert await store.read("a") == list(appended.events)
            assert await store.read("a", after=100, upto=650) == list(appended.events[100:650])
            assert verify(await store.read("a")) == appended.head

        run(scenario)

    def test_a_follower_sees_every_event_once_in_order(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            await store.append(commit("before"))
            seen: list[Event] = []

            async def listen(after: int, count: int) -> list[int]:
                positions: list[int] = []
                async for event in store.follow(after=after):
                    positions.append(event.position)
                    seen.append(event)
                    if len(positions) == count:
                        break
                return positions

            async with asyncio.TaskGroup() as listeners:
                whole = listeners.create_task(listen(0, 202))
                later = listeners.create_task(listen(2, 200))
                await asyncio.sleep(0)
                await asyncio.gather(*(store.append(commit(f"r{n}")) for n in range(50)))
                await asyncio.gather(*(store.append(commit(f"q{n}")) for n in range(50)))
            assert whole.result() == list(range(1, 203))
            assert later.result() == list(range(3, 203))

        run(scenario)

    def test_listeners_hear_of_each_commit(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            heard: list[Sequence[Event]] = []
            store.on_append(heard.append)
            appended = await store.append(commit("a"))
            with pytest.raises(Conflict):
                await store.append(commit("a"))
            assert heard == [appended.events]

        run(scenario)

    def test_a_failing_listener_does_not_fail_the_commit(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            reported: list[object] = []
            asyncio.get_running_loop().set_exception_handler(
                lambda _, context: reported.append(context["exception"])
            )
            error = RuntimeError("listener")

            def listener(_: Sequence[Event]) -> None:
                raise error

            store.on_append(listener)
            assert (await store.append(commit("a"))).head.version == 2
            assert reported == [error]

        run(scenario)

    def test_a_closed_store_refuses_everything(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            head = (await store.append(commit("a"))).head
            await store.close()
            await store.close()
            calls: list[Callable[[], Awaitable[object]]] = [
                lambda: store.append(commit("a", head)),
                lambda: store.read("a"),
                store.log,
                lambda: store.head("a"),
                lambda: store.entry("a"),
                store.entries,
                lambda: store.due(NOON),
                store.next_due,
                lambda: store.timers("a"),
                lambda: store.command("c"),
                lambda: store.define(Definition("h", "n", "{}", "")),
                lambda: store.definition("h"),
                store.position,
            ]
            for call in calls:
                with pytest.raises(StoreClosed):
                    await call()
            with pytest.raises(StoreClosed):
                store.on_append(lambda _: None)
            with pytest.raises(StoreClosed):
                store.follow()
            with pytest.raises(StoreClosed):
                store.acquire_worker()

        run(scenario)

    def test_closing_finishes_what_was_accepted_and_ends_followers(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            async def listen() -> None:
                async for _ in store.follow():
                    pass

            follower = asyncio.create_task(listen())
            await asyncio.sleep(0.01)
            appends = [asyncio.ensure_future(store.append(commit(f"r{n}"))) for n in range(100)]
            await asyncio.sleep(0)
            await asyncio.gather(store.close(), return_exceptions=True)
            outcomes = await asyncio.gather(*appends, return_exceptions=True)
            assert all(
                isinstance(outcome, StoreClosed) or outcome.events  # type: ignore[union-attr]  # an Appended
                for outcome in outcomes
            )
            with pytest.raises(StoreClosed):
                await follower

        run(scenario)

    def test_a_cancelled_append_is_whole_or_absent(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            tasks = [
                asyncio.create_task(store.append(commit(f"r{n}", bodies=ONE * 3))) for n in range(9)
            ]
            await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for n in range(9):
                events = await store.read(f"r{n}")
                assert len(events) in ({3} if n % 2 else {0, 3})
                assert (await store.entry(f"r{n}") is not None) == bool(events)

        run(scenario)
