"""Archives against a plain model: whatever is archived and restored, and wherever that is
interrupted, each run is whole in the log or whole in a file, and the log's digests stay the same.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from interlock.store import Event, Filter, Head, RunArchived, Store, crash, open_store
from interlock.store.archive import (
    Archive,
    ArchivedRun,
    archivable,
    archive,
    finish,
    moving,
    restore,
)
from interlock.store.inspection import Digest, Raw
from interlock.store.retention import ARCHIVE
from interlock.store.vocabulary import StepSucceeded
from store.samples import ANN, at, commit, entry

RUNS = ["a", "a/kid", "a/kid/kid", "b", "b/kid", "c", "long"]
PARENTS = {"a/kid": "a", "a/kid/kid": "a/kid", "b/kid": "b"}
POINTS = ["archive.written", "archive.recorded", "archive.swept", "archive.put_back"]
LATE = at(600)
runs = st.sampled_from(RUNS)


class Died(BaseException):
    """As if the process had been killed here."""


def die(point: str) -> None:
    raise Died(point)


class ArchiveModel(RuleBasedStateMachine):
    """Drives one store with archives, and keeps by hand what was appended."""

    url = "memory://"
    reopens = False

    @initialize()
    def start(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        self.place = self.url.format(folder=self.path)
        self.store: Store = open_store(self.place)
        self.rows: dict[str, list[Event]] = {}
        self.status: dict[str, str] = {}
        self.commands: dict[str, tuple[str, int]] = {}
        self.files: dict[str, dict[str, ArchivedRun]] = {}
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(moving, "ROWS", 4)

    def ask(self, call: Any) -> Any:
        return self.loop.run_until_complete(call)

    @rule(run=runs, size=st.integers(1, 3), status=st.sampled_from(["running", "completed"]))
    def append(self, run: str, size: int, status: str) -> None:
        events = self.rows.get(run, [])
        head = Head(events[-1].version, events[-1].digest, events[-1].at) if events else Head()
        size = 9 if run == "long" else size
        number = len(self.commands)
        wanted = commit(
            run,
            head,
            bodies=[StepSucceeded("a#1", "a", n) for n in range(size)],
            row=entry(run, status=status, parent=PARENTS.get(run, "")),
            command_id=f"c{number}",
        )
        archived = self.archived(run)
        try:
            appended = self.ask(self.store.append(wanted))
        except RunArchived as refused:
            same = archived == refused.file
            assert same
        else:
            assert not archived
            self.rows.setdefault(run, []).extend(appended.events)
            self.status[run] = status
            self.commands[f"c{number}"] = (run, appended.head.version)

    def archived(self, run: str) -> str:
        row = self.ask(self.store.entry(run))
        return "" if row is None else str(row.archive)

    def archive_of(self, file: str) -> dict[str, ArchivedRun]:
        if file not in self.files:
            self.files[file] = {run.entry.run: run for run in Archive(Path(file)).runs()}
        return self.files[file]

    @rule(point=st.sampled_from(["", "", *POINTS]), visit=st.integers(1, 3))
    def archive(self, point: str, visit: int) -> None:
        self.may_die(point, visit, self.archive_all())

    async def archive_all(self) -> None:
        choice = await archivable(self.store, LATE)
        for unit in choice.units:
            taken = {one.run for one in unit.entries}
            assert all(self.status[run] == "completed" for run in taken)
            children = {run for run, parent in PARENTS.items() if parent in taken & {*self.rows}}
            here = {one.run for one in await self.store.entries()}
            assert children & here <= taken
        async for one in archive(self.store, choice, self.path, actor=ANN, at=LATE):
            for run in one.runs:
                assert self.status[run] == "completed"

    @rule(run=runs, whole=st.booleans(), point=st.sampled_from(["", "archive.put_back"]))
    def restore(self, run: str, whole: bool, point: str) -> None:
        file = self.archived(run)
        if file:
            name = "" if whole else run
            back = restore(self.store, Path(file), name, actor=ANN, at=LATE)
            self.may_die(point, 1, back)

    def may_die(self, point: str, visit: int, doing: Any) -> None:
        if point:
            crash.arm(point, visit, hit=die)
        try:
            self.ask(doing)
        except Died:
            self.reopen()
        finally:
            crash.disarm()

    @rule()
    def reopen(self) -> None:
        if self.reopens:
            self.ask(self.store.close())
            self.store = open_store(self.place)

    @rule()
    def finish(self) -> None:
        self.ask(finish(self.store))
        assert self.ask(self.store.unswept()) == []

    @invariant()
    def nothing_is_lost(self) -> None:
        for run, events in self.rows.items():
            file = self.archived(run)
            if file:
                found = self.archive_of(file)[run]
                assert [raw[:3] for raw in found.rows] == [
                    (e.stream, e.version, e.type) for e in events
                ]
                assert found.moved.digest == events[-1].digest
            try:
                assert self.ask(self.store.read(run)) == events
            except RunArchived as refused:
                named = refused.file == file != ""
                assert named
            assert self.ask(self.store.head(run)).digest == events[-1].digest
        for command_id, found_at in self.commands.items():
            assert self.ask(self.store.command(command_id)) == found_at

    @invariant()
    def digests_stay(self) -> None:
        every = [e for events in self.rows.values() for e in events]
        every += self.ask(self.store.read(ARCHIVE))
        expected = [Digest(e.position, e.stream, e.version, e.digest) for e in every]
        expected.sort(key=lambda one: one.position)
        assert self.ask(self.store.digests(limit=10**6)) == expected
        with self.store.inspect() as snapshot:
            assert [*snapshot.digests()] == expected
            assert [*snapshot.flaws()] == []
            for run in self.rows:
                kept = {raw.version for raw in snapshot.rows(run)}
                gone = {one.version for one in snapshot.archived(run)}
                assert kept.isdisjoint(gone)
                assert kept | gone == {event.version for event in self.rows[run]}

    @invariant()
    def the_index_tells_them_apart(self) -> None:
        archived = {run for run in self.rows if self.archived(run)}
        for wanted, expected in (
            (False, set(self.rows) - archived),
            (True, archived),
            (None, set(self.rows)),
        ):
            rows = self.ask(self.store.entries(Filter(archived=wanted)))
            assert {row.run for row in rows} == expected

    def teardown(self) -> None:
        if not hasattr(self, "store"):
            return
        self.patch.undo()
        for run in self.rows:
            if file := self.archived(run):
                self.ask(restore(self.store, Path(file), actor=ANN, at=LATE))
        with self.store.inspect() as snapshot:
            back = {run: [*snapshot.rows(run)] for run in self.rows}
        for run, events in self.rows.items():
            assert self.ask(self.store.read(run)) == events
            assert [raw.position for raw in back[run]] == [event.position for event in events]
            assert all(isinstance(raw, Raw) for raw in back[run])
        self.ask(self.store.close())
        self.loop.close()
        self.folder.cleanup()


class SQLiteArchiveModel(ArchiveModel):
    url = "sqlite:///{folder}/model.db"
    reopens = True


TestMemoryArchiveModel = ArchiveModel.TestCase
TestSQLiteArchiveModel = SQLiteArchiveModel.TestCase
TestMemoryArchiveModel.settings = TestSQLiteArchiveModel.settings = settings(
    max_examples=settings().max_examples // 3, stateful_step_count=20
)
