"""What every backend promises about appending: whole, once, in order, or refused."""

from __future__ import annotations

import asyncio
from datetime import timedelta, timezone

import pytest
from msgspec.structs import replace

from interlock.store import (
    Commit,
    Conflict,
    DuplicateCommand,
    Filter,
    Head,
    Store,
    Timer,
    UnknownEvent,
    Unrecordable,
    verify,
)
from interlock.store.event import Body
from interlock.store.vocabulary import StepSucceeded
from interlock.testing.conformance.running import Run
from interlock.testing.conformance.samples import ANN, NOON, at, commit, entry


class Foreign(Body, frozen=True):
    """An event type that is not in the vocabulary."""

    what: str


class Appending:
    """What every backend promises about appending: whole, once, in order, or refused."""

    def test_a_commit_comes_back_as_it_was(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            appended = await store.append(commit("order-1"))
            first, second = appended.events
            assert await store.read("order-1") == [first, second]
            assert await store.log() == [first, second]
            assert (first.version, first.type, first.position) == (1, "StepSucceeded", 1)
            assert (second.version, second.type, second.position) == (2, "StepStarted", 2)
            assert first.body == StepSucceeded("a#1", "a", {"total": 3})
            assert (first.at, first.machine, first.hash, first.state) == (
                NOON,
                "checkout",
                "abc",
                "charge",
            )
            assert (first.actor, first.cause, first.correlation) == (
                ANN,
                "cause-1",
                "correlation-1",
            )
            assert (first.prev, second.prev) == ("", first.digest)
            assert appended.head == Head(2, second.digest, NOON) == await store.head("order-1")
            assert await store.entry("order-1") == entry("order-1")

        run(scenario)

    def test_a_stream_grows_by_its_head_and_verifies(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            head = Head()
            for _ in range(5):
                head = (await store.append(commit("order-1", head))).head
            events = await store.read("order-1")
            assert [event.version for event in events] == list(range(1, 11))
            assert verify(events, head=await store.head("order-1")) == head
            assert [e.version for e in await store.read("order-1", after=3, upto=6)] == [4, 5, 6]
            assert len({event.id for event in events}) == 10

        run(scenario)

    def test_what_is_unknown_is_empty(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            assert await store.read("nobody") == []
            assert await store.log() == []
            assert await store.head("nobody") == Head()
            assert await store.entry("nobody") is None
            assert await store.entries() == []
            assert await store.timers("nobody") == []
            assert await store.next_due() is None
            assert await store.command("nothing") is None
            assert await store.definition("nothing") is None
            assert await store.position() == 0

        run(scenario)

    @pytest.mark.parametrize("stale", [Head(), Head(1, "x"), Head(3, "x"), Head(2, "forged")])
    def test_another_head_is_a_conflict_that_leaves_nothing(self, run: Run, stale: Head) -> None:
        async def scenario(store: Store) -> None:
            await store.append(commit("order-1"))
            changed = entry("order-1", state="elsewhere")
            timer = Timer("order-1", "t", at(1))
            with pytest.raises(Conflict) as caught:
                await store.append(
                    commit("order-1", stale, row=changed, set_timers=[timer], command_id="c")
                )
            assert (caught.value.stream, caught.value.expected) == ("order-1", stale.version)
            assert await store.position() == 2
            assert await store.entry("order-1") == entry("order-1")
            assert await store.timers("order-1") == []
            assert await store.command("c") is None

        run(scenario)

    def test_a_stream_that_does_not_exist_has_no_later_version(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            with pytest.raises(Conflict):
                await store.append(commit("order-1", Head(4, "digest", NOON)))
            assert await store.entries() == []

        run(scenario)

    def test_one_of_many_at_the_same_head_wins(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            head = (await store.append(commit("order-1"))).head
            outcomes = await asyncio.gather(
                *(store.append(commit("order-1", head)) for _ in range(20)),
                *(store.append(commit(f"other-{n}")) for n in range(20)),
                return_exceptions=True,
            )
            assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 19
            assert len(await store.read("order-1")) == 4
            assert (
                len(await store.entries(Filter(ids=tuple(f"other-{n}" for n in range(20))))) == 20
            )

        run(scenario)

    def test_a_command_id_is_accepted_once(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            head = (await store.append(commit("order-1", command_id="pay-1"))).head
            assert await store.command("pay-1") == ("order-1", 2)
            for again in (
                commit("order-1", head, command_id="pay-1"),
                commit("x", command_id="pay-1"),
            ):
                with pytest.raises(DuplicateCommand) as caught:
                    await store.append(again)
                error = caught.value
                assert (error.command_id, error.stream, error.version) == ("pay-1", "order-1", 2)
            assert await store.position() == 2
            assert await store.entry("x") is None

        run(scenario)

    def test_command_ids_that_are_taken_over_are_accepted_no_more(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            taken = replace(commit("order-1"), taken=[("pay-1", 1), ("pay-2", 2)])
            head = (await store.append(taken)).head
            assert await store.command("pay-1") == ("order-1", 1)
            assert await store.command("pay-2") == ("order-1", 2)
            for again in (
                commit("order-1", head, command_id="pay-2"),
                replace(commit("x"), taken=[("new", 1), ("pay-2", 2)]),
            ):
                with pytest.raises(DuplicateCommand) as caught:
                    await store.append(again)
                error = caught.value
                assert (error.command_id, error.stream, error.version) == ("pay-2", "order-1", 2)
            assert await store.command("new") is None
            assert await store.position() == 2

        run(scenario)

    def test_a_stale_duplicate_is_a_duplicate(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            await store.append(commit("order-1", command_id="pay-1"))
            with pytest.raises(DuplicateCommand):
                await store.append(commit("order-1", command_id="pay-1"))

        run(scenario)

    def test_time_never_goes_back_within_a_stream(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            head = (await store.append(commit("order-1", when=at(10)))).head
            appended = await store.append(commit("order-1", head, when=at(5)))
            assert appended.events[0].at == at(10) == appended.head.at

        run(scenario)

    def test_instants_are_kept_in_utc(self, run: Run) -> None:
        async def scenario(store: Store) -> None:
            there = NOON.astimezone(timezone(timedelta(hours=2)))
            appended = await store.append(
                commit("order-1", when=there, set_timers=[Timer("order-1", "t", there)])
            )
            assert (await store.read("order-1"))[0] == appended.events[0]
            assert appended.events[0].at.utcoffset() == timedelta(0)
            assert await store.timers("order-1") == [Timer("order-1", "t", NOON)]

        run(scenario)

    @pytest.mark.parametrize(
        ("bad", "error"),
        [
            (commit("a", bodies=[Foreign("x")]), UnknownEvent),
            (commit("a", bodies=[StepSucceeded("a#1", "a", object())]), Unrecordable),  # type: ignore[arg-type]  # on purpose
            (commit("a", bodies=[StepSucceeded("a#1", "a", "\ud800")]), Unrecordable),
            (commit("a", bodies=[]), ValueError),
            (commit(""), Unrecordable),
            (commit("a\0b"), Unrecordable),
            (commit("a\ud800"), Unrecordable),
            (commit("a", row=entry("a", state="\ud800")), Unrecordable),
            (commit("a", when=NOON.replace(tzinfo=None)), Unrecordable),
            (commit("a", set_timers=[Timer("b", "x", NOON)]), ValueError),
            (commit("a", set_timers=[Timer("a", "x", NOON.replace(tzinfo=None))]), Unrecordable),
        ],
    )
    def test_what_cannot_be_kept_is_refused_alone(
        self, run: Run, bad: Commit, error: type[Exception]
    ) -> None:
        async def scenario(store: Store) -> None:
            good, refused = await asyncio.gather(
                store.append(commit("good")), store.append(bad), return_exceptions=True
            )
            assert isinstance(refused, error)
            assert not isinstance(good, BaseException)
            assert await store.position() == 2

        run(scenario)
