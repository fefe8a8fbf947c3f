"""The stores against a plain model: any sequence of calls gives what dicts and lists would."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from interlock.store import (
    FINISHED,
    Conflict,
    DuplicateCommand,
    Entry,
    Event,
    Filter,
    Head,
    Store,
    Timer,
    open_store,
    verify,
)
from interlock.store.vocabulary import StepSucceeded
from store.samples import at, commit, entry

RUNS = ["order-1", "order-2", "order-10", "b", "b-7x"]  # in natural order, but for b
ORDER = ["b", "b-7x", "order-1", "order-2", "order-10"]
runs = st.sampled_from(RUNS)
statuses = st.sampled_from(["running", "waiting", "completed", "failed"])
minutes = st.integers(0, 20)
names = st.sampled_from(["t1", "t2", "t3"])


class StoreModel(RuleBasedStateMachine):
    """Drives one store, and keeps by hand what it should hold."""

    url = "memory://"
    reopens = False

    @initialize()
    def start(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.place = self.url.format(folder=Path(self.folder.name))
        self.store: Store = open_store(self.place)
        self.log: list[Event] = []
        self.heads: dict[str, Head] = {}
        self.rows: dict[str, Entry] = {}
        self.due: dict[tuple[str, str], Timer] = {}
        self.commands: dict[str, tuple[str, int]] = {}

    def ask(self, call: Any) -> Any:
        return self.loop.run_until_complete(call)

    @rule(
        run=runs,
        size=st.integers(1, 4),
        status=statuses,
        when=minutes,
        timers=st.dictionaries(names, minutes, max_size=2),
        cleared=st.lists(names, max_size=2),
        command_id=st.sampled_from(["", "", "c1", "c2", "c3"]),
        skew=st.sampled_from([0, 0, 0, 0, 1, -1]),
    )
    def append(
        self,
        run: str,
        size: int,
        status: str,
        when: int,
        timers: dict[str, int],
        cleared: list[str],
        command_id: str,
        skew: int,
    ) -> None:
        head = self.heads.get(run, Head())
        expected = replace(head, version=max(head.version + skew, 0))
        row = entry(run, status=status, state=f"s{when}")
        wanted = commit(
            run,
            expected,
            bodies=[StepSucceeded("a#1", "a", n) for n in range(size)],
            row=row,
            when=at(when),
            set_timers=[Timer(run, name, at(minute)) for name, minute in timers.items()],
            clear_timers=cleared,
            command_id=command_id,
        )
        try:
            appended = self.ask(self.store.append(wanted))
        except DuplicateCommand as duplicate:
            accepted = (duplicate.stream, duplicate.version)
            assert self.commands[command_id] == accepted
        except Conflict:
            assert command_id not in self.commands
            assert expected != head
        else:
            assert expected == head
            assert command_id not in self.commands
            self.log += appended.events
            self.heads[run], self.rows[run] = appended.head, row
            for name in cleared:
                self.due.pop((run, name), None)
            self.due |= {(run, timer.name): timer for timer in wanted.set_timers}
            if command_id:
                self.commands[command_id] = (run, appended.head.version)

    @rule(run=runs, after=st.integers(-1, 12), upto=st.none() | st.integers(-1, 12))
    def read(self, run: str, after: int, upto: int | None) -> None:
        end = 10**6 if upto is None else upto
        events = [e for e in self.log if e.stream == run and after < e.version <= end]
        assert self.ask(self.store.read(run, after=after, upto=upto)) == events

    @rule(after=st.integers(-1, 30), limit=st.integers(0, 9))
    def page(self, after: int, limit: int) -> None:
        assert (
            self.ask(self.store.log(after=after, limit=limit)) == self.log[max(after, 0) :][:limit]
        )

    @rule(
        status=st.lists(statuses, max_size=2),
        finished=st.none() | st.booleans(),
        after=st.none() | st.sampled_from(ORDER),
        limit=st.none() | st.integers(0, 3),
        ids=st.lists(runs, max_size=3),
    )
    def entries(
        self,
        status: list[str],
        finished: bool | None,
        after: str | None,
        limit: int | None,
        ids: list[str],
    ) -> None:
        where = Filter(
            status=tuple(status), finished=finished, after=after, limit=limit, ids=tuple(ids)
        )
        later = ORDER[ORDER.index(after) + 1 :] if after else ORDER
        expected = [
            self.rows[run]
            for run in later
            if run in self.rows
            and (not status or self.rows[run].status in status)
            and (finished is None or (self.rows[run].status in FINISHED) == finished)
            and (not ids or run in ids)
        ][:limit]
        assert self.ask(self.store.entries(where)) == expected

    @rule(before=minutes, limit=st.integers(0, 5))
    def timers_due(self, before: int, limit: int) -> None:
        found = sorted(
            (t for t in self.due.values() if t.due <= at(before)),
            key=lambda t: (t.due, t.run, t.name),
        )
        assert self.ask(self.store.due(at(before), limit=limit)) == found[:limit]

    @rule()
    def reopen(self) -> None:
        if self.reopens:
            self.ask(self.store.close())
            self.store = open_store(self.place)

    @invariant()
    def index_agrees(self) -> None:
        assert self.ask(self.store.position()) == len(self.log)
        assert self.ask(self.store.next_due()) == min(
            (t.due for t in self.due.values()), default=None
        )
        for run in RUNS:
            assert self.ask(self.store.head(run)) == self.heads.get(run, Head())
            assert self.ask(self.store.entry(run)) == self.rows.get(run)
        for command_id, found in self.commands.items():
            assert self.ask(self.store.command(command_id)) == found

    def teardown(self) -> None:
        if hasattr(self, "store"):
            for run, head in self.heads.items():
                assert verify(self.ask(self.store.read(run)), head=head) == head
            self.ask(self.store.close())
            self.loop.close()
            self.folder.cleanup()


class SQLiteModel(StoreModel):
    url = "sqlite:///{folder}/model.db"
    reopens = True


TestMemoryModel = StoreModel.TestCase
TestSQLiteModel = SQLiteModel.TestCase
