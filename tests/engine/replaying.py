"""The law of replay: what is folded from a log is what the engine held live."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import pytest
from msgspec.structs import asdict

from engine.looking import Looked, looked, looks_back
from engine.snapshotted import snapshotted
from interlock.engine.session import Session
from interlock.engine.workflows import WorkflowRun
from interlock.projections import (
    History,
    RunState,
    dump_history,
    entry_of,
    evolve,
    fold,
    load_history,
)
from interlock.store.backends.memory import MemoryStore
from interlock.store.clock import SystemClock
from interlock.store.contract import Appended, Entry
from interlock.store.event import Event
from interlock.store.values import Image, Memory


def seen(state: RunState) -> dict[str, Any]:
    """All that a state holds, such that two of them can be compared."""
    held = {field.name: getattr(state, field.name) for field in fields(state)}
    held["image"] = _kept(state.image)
    held["ending"] = repr(state.ending)
    held.update(status=state.status, variables=state.variables)
    held["pending"] = {name: repr(activity) for name, activity in state.pending.items()}
    held["stack"], held["inbox"] = repr(state.stack), repr(state.inbox)
    held["threads"] = {
        name: {**asdict(branch), "image": _kept(branch.image)}
        for name, branch in state.threads.items()
    }
    held["decisions"], held["compensation"] = repr(state.decisions), repr(state.compensation)
    return held


def _kept(image: Image) -> object:
    return dict(image.nodes), dict(image.variables), image.next


class Law:
    """Compares at every commit; what it saw last is checked to be something."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.commits = 0
        self.wrong: list[Exception] = []
        self.entries: dict[tuple[str, int], Entry] = {}
        self.live: dict[tuple[str, int], Looked] = {}

    async def check(self, session: Session, appended: Appended) -> None:
        self.commits += 1
        self.live[session.run, appended.head.version] = looked(session.state)
        stored = await self.store.read(session.run, upto=appended.head.version)
        folded = fold(stored)
        assert seen(folded) == seen(session.state)
        if isinstance(session.mover, WorkflowRun):
            restored(session.mover, Session(session.run, folded, self.store, SystemClock()))
        entry = entry_of(folded)
        assert entry == entry_of(session.state)
        self.entries[session.run, appended.head.version] = entry


def restored(live: WorkflowRun, session: Session) -> None:
    """Every thread is where it would be if it came from the log, with the same variables."""
    state = session.state
    if state.ended is not None or state.compensation is not None:
        return
    again = WorkflowRun(session, live.program)
    for name in ("", *state.threads):
        current = state.threads[name].current if name else state.current
        if current in state.pending:
            assert _stands(again, name) == _stands(live, name)


def _stands(run: WorkflowRun, name: str) -> object:
    """Where a thread is, with its variables as they would be recorded: what is shared is seen."""
    thread = run.thread(name)
    frames = [(level.prefix, level.state, sorted(level.frame.items())) for level in thread.levels]
    memory = Memory(run.program.types)
    return thread.state, memory.encode(frames, "frames"), memory.take()


@contextmanager
def in_force() -> Generator[list[Law]]:
    """Every flush of every session is compared with the log, while the list holds a law."""
    current: list[Law] = []
    flush = Session.flush

    async def flushed(self: Session, *args: Any, **kwargs: Any) -> Appended | None:
        appended = await flush(self, *args, **kwargs)
        if appended is not None and current:
            try:
                await current[-1].check(self, appended)
            except Exception as error:  # raised here it would only stop the run
                current[-1].wrong.append(error)
        return appended

    patch = pytest.MonkeyPatch()
    patch.setattr(Session, "flush", flushed)
    yield current
    patch.undo()


def replayed(events: Sequence[Event], law: Law) -> None:
    """Everything that looks back agrees, and calls nothing of the author's."""
    for error in law.wrong:
        raise error
    history = History(events)
    history.verify()
    state: RunState | None = None
    moments = list(history)
    for event, moment in zip(events, moments, strict=True):
        state = evolve(state, event)
        at = history.at(event.version)
        assert (at.state, at.status, at.variables) == (state.state, state.status, state.variables)
        assert (moment.state, moment.status, moment.variables) == (
            at.state, at.status, at.variables,
        )  # fmt: skip
        known = law.entries.get((event.stream, event.version))
        assert known is None or known == entry_of(state)
    snapshotted(events)
    looks_back(history, {v: one for (run, v), one in law.live.items() if run == history.run})
    back = load_history(dump_history(history))
    assert back.events == history.events
    assert back.ledger() == history.ledger()
    assert seen(back.replay()) == seen(history.replay())
