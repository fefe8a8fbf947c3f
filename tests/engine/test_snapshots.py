"""Snapshots of long runs: taken now and then, believed only where they fit, missed by nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.long_runs import Add, Stop, counting, lengthen
from engine.snapshotted import plain, snapshotted
from interlock.engine import Engine
from interlock.projections import NoSuchVersion, RunState, find_state, fold, load_state
from interlock.projections.fold_version import FOLD
from interlock.projections.loading import PAGE, version_at
from interlock.projections.snapshot import snapshot_of, state_of
from interlock.store import Actor, Snapshot, Store, open_store
from interlock.store.backends.memory import MemoryStore
from interlock.store.snapshot import SPACED


async def begun(store: Store, turns: int) -> None:
    async with Engine(store, worker=False) as engine:
        await engine.start(counting, 5, id="r")
    await lengthen(store, "r", turns)


async def test_a_lengthened_run_is_what_the_engine_records() -> None:
    long, real = MemoryStore(), MemoryStore()
    await begun(long, 4)
    async with Engine(real) as engine:
        run = await engine.start(counting, 5, id="r")
        for number in range(1, 5):
            await engine.send(run, Add(amount=1), command_id=f"c{number}")
            await engine.settle()
    made, recorded = await long.read("r"), await real.read("r")
    assert [(e.body, e.state, e.cause) for e in made] == [
        (e.body, e.state, e.cause) for e in recorded
    ]


async def test_the_worker_takes_snapshots_of_a_run_that_grows() -> None:
    store = MemoryStore()
    await begun(store, 300)
    async with Engine(store) as engine:
        for number in range(120):
            await engine.send("r", Add(amount=1), command_id=f"more-{number}")
            await engine.settle()
        taken = await store.snapshot("r", fold=FOLD)
        assert taken is not None
        assert 1501 < taken.version < 1502 + 5 * 120
        early = await store.snapshot("r", fold=FOLD, upto=taken.version - 1)
        assert early is not None
        assert taken.version - early.version >= 500
        head = await store.head("r")
        since = (await find_state(store, "r")).since
        assert since == taken.version < head.version
        await engine.send("r", Stop())
        assert await (await engine.get("r")).result() == 5 + 300 + 120


async def test_a_long_run_that_is_loaded_leaves_snapshots_on_its_way() -> None:
    store = MemoryStore()
    await begun(store, 2 * SPACED // 5 + 100)
    async with Engine(store) as engine:
        await engine.send("r", Add(amount=1))
        await engine.settle()
        for upto, found in ((SPACED + 5, SPACED), (2 * SPACED + 5, 2 * SPACED)):
            kept = await store.snapshot("r", fold=FOLD, upto=upto)
            assert kept is not None
            assert kept.version == found


@given(
    turns=st.integers(1, 40),
    versions=st.lists(st.integers(1, 200), max_size=6),
    spoil=st.lists(st.sampled_from(["cut", "bit", "past", "code", "hash", "other"]), max_size=6),
    upto=st.none() | st.integers(1, 200),
)
def test_snapshots_change_nothing_whatever_they_are(
    turns: int, versions: list[int], spoil: list[str], upto: int | None
) -> None:
    async def main() -> None:
        store = MemoryStore()
        await begun(store, turns)
        events = await store.read("r")
        kinds = [*spoil, *[""] * len(versions)]
        for version, kind in zip(versions, kinds, strict=False):
            if version <= len(events):
                await store.keep_snapshot(SPOILT[kind](fold(events[:version])))
        upto_ = None if upto is None else min(upto, len(events))
        loaded = await load_state(store, "r", upto=upto_)
        assert plain(loaded) == plain(fold(events[:upto_]))
        await store.drop_snapshots()
        assert plain(await load_state(store, "r", upto=upto_)) == plain(loaded)

    asyncio.run(main())


def sound(state: RunState) -> Snapshot:
    snapshot = snapshot_of(state)
    assert snapshot is not None
    return snapshot


def _other(state: RunState) -> Snapshot:
    """The snapshot of another version under the name of this one."""
    snapshot = sound(state)
    state.head = replace(state.head, version=state.head.version + 1)
    return replace(sound(state), version=snapshot.version)


def _flipped(snapshot: Snapshot) -> Snapshot:
    middle = len(snapshot.state) // 2
    byte = bytes([snapshot.state[middle] ^ 4])
    state = snapshot.state[:middle] + byte + snapshot.state[middle + 1 :]
    return replace(snapshot, state=state)


SPOILT: dict[str, Callable[[RunState], Snapshot]] = {
    "": sound,
    "cut": lambda state: replace(sound(state), state=sound(state).state[:-3]),
    "bit": lambda state: _flipped(sound(state)),
    "past": lambda state: replace(sound(state), digest="0" * 64),
    "code": lambda state: replace(sound(state), fold="older"),
    "hash": lambda state: replace(sound(state), hash="of-another-definition"),
    "other": _other,
}


@pytest.mark.parametrize("kind", ["cut", "bit", "code", "other"])
async def test_a_spoilt_snapshot_holds_no_state(kind: str) -> None:
    store = MemoryStore()
    await begun(store, 3)
    state = await load_state(store, "r")
    assert state_of(sound(state)) is not None
    assert state_of(SPOILT[kind](state)) is None


async def test_what_cannot_be_encoded_has_no_snapshot() -> None:
    store = MemoryStore()
    await begun(store, 1)
    state = await load_state(store, "r")
    state.image.variables["far"] = 2**70
    assert snapshot_of(state) is None
    state.image.variables["far"] = 2**60
    state.starter = Actor("user", "\ud800")  # no text that could be written
    assert snapshot_of(state) is None


async def test_a_run_of_several_pages_is_loaded_whole(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/s.db")
    await begun(store, PAGE // 5 * 2)
    events = await store.read("r")
    assert len(events) == 2 * PAGE + 2
    for upto in (None, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE):
        assert plain(await load_state(store, "r", upto=upto)) == plain(fold(events[:upto]))
    assert (await find_state(store, "nobody")).state is None
    await store.close()


async def test_a_past_instant_of_a_long_run_is_opened_from_the_nearest_snapshot() -> None:
    store = MemoryStore()
    await begun(store, 2 * SPACED // 5)
    async with Engine(store) as engine:
        await engine.send("r", Add(amount=1))  # loads it, and leaves snapshots on its way
        await engine.settle()
        run = await engine.get("r")
        events = (await run.history()).events
        for version in (2, SPACED - 1, SPACED, SPACED + 7, len(events)):
            state = await run.snapshot(at=version)
            assert plain(state) == plain(fold(events[:version]))
            since = (await find_state(store, "r", upto=version)).since
            assert version // SPACED * SPACED <= since <= version
            assert await run.read("total", int, at=version) == state.variables["total"]
        for nothing in (0, len(events) + 1, events[0].at.replace(year=2000)):
            with pytest.raises(NoSuchVersion):
                await run.snapshot(at=nothing)


async def test_a_version_is_found_by_its_instant() -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(counting, 5)
        for _ in range(3):
            await engine.send(run, Add(amount=1))
            await engine.settle()
        events = (await run.history()).events
        for event in events:
            last = max(e.version for e in events if e.at <= event.at)
            assert await version_at(engine.store, run.id, event.at) == last
        assert await version_at(engine.store, run.id, events[0].at.replace(year=2000)) == 0
        snapshotted(events)
