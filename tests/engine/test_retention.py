"""Archives, backups, and what an engine says of runs that are not here any more."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.retained import MACHINES, archives, asked, drop_indexes, fill, hidden, order
from interlock.audit import audit
from interlock.engine import Engine, UnknownRun
from interlock.engine.auditing import read_definition
from interlock.projections import dump_history
from interlock.store import (
    BadArchive,
    BrokenChain,
    Filter,
    LogReplaced,
    Place,
    RunArchived,
    Store,
    StoreBusy,
    StoreError,
    UnknownEvent,
    open_store,
)
from interlock.store.archive import Archive
from interlock.store.archive.folder import alone

FAMILY = {"order-1", "order-1/parcel#1", "spare item 1"}


@asynccontextmanager
async def shop(tmp_path: Path, orders: int = 3) -> AsyncGenerator[Engine]:
    async with Engine(f"sqlite:///{tmp_path}/s.db", machines=MACHINES) as engine:
        await fill(engine, orders)
        yield engine


def sound(store: Store) -> bool:
    with store.inspect() as snapshot:
        found = audit(snapshot, read_definition).findings.found
    assert found == []
    return True


async def exports(engine: Engine) -> dict[str, str]:
    runs = [entry.run for entry in await engine.runs()]
    return {run: dump_history(await (await engine.get(run)).history()) for run in runs}


async def test_a_run_leaves_with_its_children_and_comes_back_byte_by_byte(tmp_path: Path) -> None:
    async with shop(tmp_path) as engine:
        before = await exports(engine)
        tried = await engine.archive("0 seconds", tmp_path / "files", dry_run=True)
        assert not (tmp_path / "files").exists()
        done = await engine.archive("0 seconds", tmp_path / "files", by="ann")
        assert (tried.runs, tried.events, tried.files) == (done.runs, done.events, [])
        assert set(done.runs) == {run for run in before if not run.startswith("asked")}
        assert {e.run for e in await engine.runs()} == {"asked", "asked/parcel#1"}
        assert {e.run for e in await engine.runs(archived=True)} == set(done.runs)
        assert sound(engine.store)
        back = await engine.restore("order-1")
        assert set(back.runs) == FAMILY
        assert {e.run for e in await engine.runs(archived=True)} == set(done.runs) - FAMILY
        assert sound(engine.store)
        assert (await engine.restore(done.files[0].path)).events == done.events - back.events
        assert await exports(engine) == before
        assert await (await engine.get("order-2")).result() == "packed item 2"
        assert sound(engine.store)


async def test_an_archived_run_says_where_it_is(tmp_path: Path) -> None:
    async with shop(tmp_path) as engine:
        (file,) = (await engine.archive("0 seconds", tmp_path)).files
        run = await engine.get("order-1")
        for question in (run.result, run.state, run.history, run.variables):
            with pytest.raises(RunArchived, match=file.path.name):
                await question()
        for item in ("item 1", "another"):
            with pytest.raises(RunArchived, match=file.path.name):
                await engine.start(order, item, id="order-1")
        with pytest.raises(RunArchived, match=file.path.name):
            await engine.cancel("order-1")
        with pytest.raises(UnknownRun, match="not archived"):
            await engine.restore("asked")
        with pytest.raises(UnknownRun, match="does not exist"):
            await engine.restore("nobody")


async def test_commands_that_an_archived_run_took_stay_known(tmp_path: Path) -> None:
    async with shop(tmp_path) as engine:
        await engine.approve("asked", "manager", by="ann", command_id="yes")
        assert await (await engine.get("asked")).result() is True
        await engine.settle()
        before = await engine.store.command("yes")
        await engine.archive("0 seconds", tmp_path)
        assert before == await engine.store.command("yes") != None  # noqa: E711  a chain
        with pytest.raises(RunArchived):
            await engine.approve("asked", "manager", by="ann", command_id="other")
        again = await engine.start(asked, "pen", id="asked-2")
        assert await again.status() == "waiting"


async def test_only_runs_that_ended_long_ago_are_archived(tmp_path: Path) -> None:
    async with shop(tmp_path) as engine:
        assert (await engine.archive("1 hour", tmp_path / "files")).runs == []
        assert archives(tmp_path / "files") == []
        assert [e.run for e in await engine.store.entries(Filter(prefix="$"))] == []


async def test_runs_of_another_database_are_not_taken(tmp_path: Path) -> None:
    async with shop(tmp_path) as engine:
        (file,) = (await engine.archive("0 seconds", tmp_path)).files
    async with Engine(f"sqlite:///{tmp_path}/other.db", machines=MACHINES) as other:
        with pytest.raises(BadArchive, match="another database"):
            await other.restore(file.path)


async def test_archives_that_were_moved_are_found_in_their_folder(tmp_path: Path) -> None:
    async with shop(tmp_path) as engine:
        await engine.archive("0 seconds", tmp_path / "old")
        (tmp_path / "old").rename(tmp_path / "new")
        with pytest.raises(BadArchive, match="say where they are now"):
            await engine.restore("order-1")
        assert set((await engine.restore("order-1", folder=tmp_path / "new")).runs) == FAMILY


async def test_an_archive_without_its_index_is_read_whole(tmp_path: Path) -> None:
    async with shop(tmp_path) as engine:
        await engine.archive("0 seconds", tmp_path)
        drop_indexes(tmp_path)
        assert set((await engine.restore("order-1")).runs) == FAMILY


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A database all of whose ended runs are archived, and the file."""
    folder = tmp_path_factory.mktemp("archived")

    async def make() -> Path:
        async with shop(folder, 2) as engine:
            return (await engine.archive("0 seconds", folder)).files[0].path

    return folder / "s.db", asyncio.run(make())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cut=st.booleans())
def test_an_altered_archive_is_refused_and_nothing_is_taken_from_it(
    archived: tuple[Path, Path], tmp_path: Path, chance: float, bit: int, cut: bool
) -> None:
    path, file = archived
    content = bytearray(file.read_bytes())
    place = int(chance * len(content))
    content[place] ^= 1 << bit
    bad = tmp_path / file.name
    bad.write_bytes(content[:place] if cut else content)

    async def scene() -> None:
        copy = shutil.copy(path, tmp_path / "s.db")
        store = open_store(f"sqlite:///{copy}")
        async with Engine(store, worker=False) as engine:
            before = await store.digests(limit=10**6)
            try:
                await engine.restore(bad)
            except (BadArchive, BrokenChain, UnknownEvent):
                assert await engine.runs() != []
            else:  # a bit that says nothing, as of the time in the header of a part
                assert [r.moved for r in Archive(bad).runs()] == [
                    r.moved for r in Archive(file).runs()
                ]
            after = await store.digests(limit=10**6)
            assert after[: len(before)] == before
        await store.close()

    asyncio.run(scene())


POINTS = [
    ("archive", "archive.written", 1),
    ("archive", "archive.recorded", 1),
    ("archive", "archive.swept", 1),
    ("archive", "archive.swept", 2),
    ("restore", "archive.put_back", 1),
]


@pytest.mark.parametrize(("doing", "point", "visit"), POINTS)
def test_a_kill_loses_nothing_and_it_can_be_done_again(
    tmp_path: Path, doing: str, point: str, visit: int
) -> None:
    url, folder = f"sqlite:///{tmp_path}/s.db", tmp_path / "files"

    async def prepared() -> dict[str, str]:
        async with shop(tmp_path, 6) as engine:
            before = await exports(engine)
            if doing == "restore":
                await engine.archive("0 seconds", folder)
            return before

    before = asyncio.run(prepared())
    program = [sys.executable, "-m", "engine.retained", url, str(folder), doing, point, str(visit)]
    path = os.pathsep.join(sys.path)
    ended = subprocess.run(program, env=os.environ | {"PYTHONPATH": path}, check=False)
    assert ended.returncode == -signal.SIGKILL

    async def again() -> None:
        async with Engine(url, machines=MACHINES) as engine:
            await engine.archive("0 seconds", folder)
            assert sound(engine.store)
            assert {e.run for e in await engine.runs()} == {"asked", "asked/parcel#1"}
            for file in archives(folder):
                await engine.restore(file)
            assert await exports(engine) == before
            assert sound(engine.store)

    asyncio.run(again())


async def test_one_archiving_at_a_time_writes_to_a_folder(tmp_path: Path) -> None:
    async with shop(tmp_path, 4) as engine:
        with alone(tmp_path), pytest.raises(StoreBusy, match="another process is archiving"):
            await engine.archive("0 seconds", tmp_path)
        assert await engine.runs(archived=True) == []
        both = [engine.archive("0 seconds", tmp_path / name) for name in ("one", "two")]
        await asyncio.to_thread((tmp_path / "one").mkdir)
        done = await asyncio.gather(*both)
        assert sorted(run for one in done for run in one.runs) == sorted(
            entry.run for entry in await engine.runs(archived=True)
        )
        assert len(await engine.runs(archived=True)) == 12
        assert sound(engine.store)


async def test_a_worker_goes_on_while_another_process_archives(tmp_path: Path) -> None:
    async with shop(tmp_path, 6) as engine:
        store = open_store(f"sqlite:///{tmp_path}/s.db")
        async with Engine(store, worker=False) as keeper:
            work = asyncio.create_task(more(engine, 20))
            moved = [await keeper.archive("0 seconds", tmp_path) for _ in range(4)]
            backup = tmp_path / "backup.db"
            assert await keeper.backup(backup) == backup.stat().st_size
            await work
        await store.close()
        assert sum(len(one.runs) for one in moved) >= 3 * 6
        assert sound(engine.store)
        results = [await (await engine.get(f"more-{n}")).status() for n in range(20)
                   if (e := await engine.store.entry(f"more-{n}")) and not e.archive]  # fmt: skip
        assert set(results) <= {"completed"}
    copied = open_store(f"sqlite:///{backup}", readonly=True)
    assert sound(copied)
    await copied.close()


async def more(engine: Engine, count: int) -> None:
    for number in range(count):
        run = await engine.start(order, f"thing {number}", id=f"more-{number}")
        await run.result()


async def followed(store: Store) -> Place:
    """The place of one who has followed a log to its end."""
    place = Place(await store.log_id())
    end = await store.position()
    async for event in store.follow(after=place):
        place = place.after(event)
        if event.position >= end:
            break
    return place


async def test_a_follower_notices_a_log_that_was_restored_from_a_backup(tmp_path: Path) -> None:
    async with shop(tmp_path, 1) as engine:
        early = await followed(engine.store)
        await engine.backup(tmp_path / "backup.db")
        await more(engine, 1)
        late = await followed(engine.store)
        await engine.store.check_place(early)
        await engine.store.check_place(late)
    url = f"sqlite:///{tmp_path}/backup.db"
    async with Engine(url, machines=MACHINES) as engine:
        await engine.store.check_place(early)
        with pytest.raises(LogReplaced, match="ends at position"):
            await engine.store.check_place(late)
        await more(engine, 3)
        with pytest.raises(LogReplaced, match="another event there") as refused:
            await anext(engine.store.follow(after=late))
        assert refused.value.position == late.position
        assert (await anext(engine.store.follow(after=early))).position == early.position + 1
        with pytest.raises(LogReplaced, match="was followed"):
            await engine.store.check_place(Place("another log"))


async def test_a_follower_is_not_disturbed_by_archives(tmp_path: Path) -> None:
    async with shop(tmp_path, 2) as engine:
        place = await followed(engine.store)
        middle = Place(place.log, *next((d.position, d.digest) for d in await engine.store.digests()
                                        if d.stream == "order-1"))  # fmt: skip
        await engine.archive("0 seconds", tmp_path)
        await engine.store.check_place(place)
        await engine.store.check_place(middle)
        seen = await anext(engine.store.follow(after=place))
        assert seen.stream == "$archive"


async def test_what_killed_processes_left_half_written_is_removed(tmp_path: Path) -> None:
    async with shop(tmp_path, 1) as engine:
        files = tmp_path / "files"
        files.mkdir()
        for name in (f".{'0a' * 16}.part", ".mine.part", f".{'0a' * 16}.part.txt"):
            (files / name).write_bytes(b"half")
        await engine.archive("0 seconds", files)
        assert sorted(path.name for path in hidden(files)) == [
            f".{'0a' * 16}.part.txt", ".mine.part",
        ]  # fmt: skip
        for end in ("", "-journal"):
            (tmp_path / f".b.db.part{end}").write_bytes(b"half")
        await engine.backup(tmp_path / "b.db")
        assert hidden(tmp_path) == []
    copied = open_store(f"sqlite:///{tmp_path}/b.db", readonly=True)
    assert sound(copied)
    await copied.close()


async def test_a_backup_never_takes_the_place_of_a_file(tmp_path: Path) -> None:
    async with shop(tmp_path, 1) as engine:
        (tmp_path / "there.db").write_bytes(b"something")
        places: list[Callable[[], Path]] = [
            lambda: tmp_path / "there.db", lambda: tmp_path / "no" / "folder.db",
            lambda: tmp_path / "s.db",
        ]  # fmt: skip
        for place in places:
            with pytest.raises(StoreError):
                await engine.backup(place())
        assert (tmp_path / "there.db").read_bytes() == b"something"
        assert hidden(tmp_path) == []
    async with Engine("memory://") as engine:
        with pytest.raises(StoreError, match="only a database in a file"):
            await engine.backup(tmp_path / "m.db")
