"""The worker's board: whole or nothing, on a full disk too, and over when the worker is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.store.backends.memory import MemoryStore
from interlock.store.backends.sqlite import SQLiteStore
from interlock.store.board import ROOM, Board, Parked, UnderWay, read_board, written
from interlock.store.contract import Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = st.text(max_size=300)
BOARDS = st.builds(
    Board,
    worker=NAMES,
    since=st.just(NOW),
    serves=st.none() | st.dictionaries(NAMES, st.lists(NAMES, max_size=3), max_size=5),
    stuck=st.dictionaries(NAMES, NAMES, max_size=40),
    troubled=st.dictionaries(NAMES, NAMES, max_size=40),
    driven=st.lists(NAMES, max_size=40),
    calls=st.lists(st.builds(UnderWay, NAMES, NAMES, st.just(NOW)), max_size=40),
    parked=st.lists(st.builds(Parked, NAMES, NAMES, NAMES), max_size=40),
)


@given(BOARDS)
def test_a_board_is_read_as_it_was_written_or_says_what_is_left_out(board: Board) -> None:
    data = written(board)
    assert len(data) <= ROOM
    read = read_board(data)
    assert read == board or (read is not None and read.left_out > 0)


@given(BOARDS, st.integers(0), st.integers(1, 255))
def test_bytes_that_are_not_whole_are_no_board(board: Board, place: int, change: int) -> None:
    data = bytearray(written(board))
    whole = read_board(bytes(data))
    data[place % len(data)] ^= change
    assert read_board(bytes(data)) in (None, whole)  # digits of the head may be written otherwise


def test_too_much_to_tell_is_cut_and_a_board_of_too_many_machines_says_nothing_of_them() -> None:
    many = Board(
        worker="w", since=NOW, calls=[UnderWay(f"run-{i}", "a#1", NOW) for i in range(20_000)]
    )
    read = read_board(written(many))
    assert read is not None
    assert read.left_out > 0 < len(read.calls)
    crowd = {f"machine {i}": ["0123456789abcdef"] for i in range(20_000)}
    read = read_board(written(Board(worker="w", since=NOW, serves=crowd)))
    assert read is not None
    assert read.serves is None


def test_others_see_who_has_the_role_for_as_long_as_he_has_it(tmp_path: Path) -> None:
    async def check() -> None:
        path = tmp_path / "s.db"
        worker, other = SQLiteStore(path), SQLiteStore(path)
        assert other.worker() is None
        assert worker.acquire_worker()
        seen = other.worker()
        assert seen is not None
        assert seen.board is None  # it has told nothing yet, whatever the last one told
        board = Board(worker="me", since=NOW, serves={"checkout": ["1"]})
        worker.post(board)
        reader = SQLiteStore(path, readonly=True)
        for store in (worker, other, reader):
            seen = store.worker()
            assert seen is not None
            assert seen.board == board
            assert timedelta() <= seen.silent < timedelta(minutes=1)
        other.post(Board(worker="nobody", since=NOW))
        worker.release_worker()
        assert other.worker() is None
        assert other.acquire_worker()
        seen = worker.worker()
        assert seen is not None
        assert seen.board is None
        for store in (worker, other, reader):
            await store.close()

    asyncio.run(check())


def test_who_asks_does_not_keep_the_role_from_who_wants_it(tmp_path: Path) -> None:
    async def check() -> None:
        path = tmp_path / "s.db"
        worker, other = SQLiteStore(path), SQLiteStore(path)

        async def ask() -> None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, lambda: [other.worker() for _ in range(2000)])

        asking = asyncio.ensure_future(ask())
        while not asking.done():
            assert worker.acquire_worker()
            worker.release_worker()
            await asyncio.sleep(0)
        for store in (worker, other):
            await store.close()

    asyncio.run(check())


@pytest.mark.parametrize("driven", [True, False])
def test_the_memory_store_has_one_as_well(driven: bool) -> None:
    store: Store = MemoryStore()
    board = Board(worker="me", since=NOW)
    if driven:
        store.acquire_worker()
    store.post(board)
    seen = store.worker()
    assert (seen is not None) is driven
    if seen is not None:
        assert seen.board == board
        store.release_worker()
        assert store.worker() is None
