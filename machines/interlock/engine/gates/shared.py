"""A machine that runs share, held in memory: its commands, and what its stream says by now."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from pydantic import BaseModel

from interlock.engine.caller import draft_by
from interlock.machines.command import Command
from interlock.machines.errors import Refused
from interlock.machines.ir import Machine
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.lifecycle_program import Taken
from interlock.projections import SharedState, evolve_shared
from interlock.store.clock import Clock
from interlock.store.contract import Commit, Definition, Entry, Head, Store, Timer
from interlock.store.errors import Conflict
from interlock.store.event import Actor, Event
from interlock.store.vocabulary_shared import SharedMoved

WAKE = "wake"
"""Name of the timer of a machine whose data has an instant `due`."""


class Shared:
    """One stream of a shared machine.

    Its definition is Interlock's own: a stream that another release began goes on with this one.

    Attributes:
        stream: its id, beginning with `$`.
        last: its state as far as this engine knows; None before its first event.
    """

    def __init__(
        self, store: Store, clock: Clock, kind: type[Lifecycle[Any, Any]], stream: str
    ) -> None:
        self.stream = stream
        self.last: SharedState | None = None
        self._program = kind.program()
        self._store = store
        self._clock = clock
        self._lock = asyncio.Lock()
        self._loaded = False
        self._data: BaseModel | None = None

    @property
    def state(self) -> str:
        """Name of the state that it is in."""
        return self._program.initial if self.last is None else self.last.state

    @property
    def data(self) -> Any:
        """The machine's data; a model of its own class."""
        if self._data is None:
            known = {} if self.last is None else self.last.data
            self._data = self._program.data_type.model_validate(known)
        return self._data

    async def load(self) -> SharedState | None:
        """Read what its stream says now."""
        head = await self._store.head(self.stream)
        known = 0 if self.last is None else self.last.head.version
        if head.version > known:
            for event in await self._store.read(self.stream, after=head.version - 1):
                self.note(event)
        elif not self._loaded:
            await _define(self._store, self._program.machine)
        self._loaded = True
        return self.last

    async def ready(self) -> None:
        """Load it, the first time."""
        if not self._loaded:
            await self.load()

    def note(self, event: Event) -> None:
        """An event was appended, by whomever."""
        if self.last is None or event.version > self.last.head.version:
            self.last = evolve_shared(event)
            self._data = None

    async def send(self, command: Command, actor: Actor) -> Any:
        """Let a command move it; the data that it leads to.

        Raises:
            Refused: the machine says no, on what its stream says now.
            StoreError: it could not be recorded.
        """
        async with self._lock:
            await self.ready()
            while True:
                try:
                    taken = self._program.decide(self.state, self.data, command)
                except Refused:
                    before = self.last
                    if await self.load() is before:
                        raise
                    continue
                try:
                    appended = await self._store.append(self._commit(taken, command, actor))
                except Conflict:
                    await self.load()
                    continue
                self.note(appended.events[-1])
                return self.data

    def _commit(self, taken: Taken, command: Command, actor: Actor) -> Commit:
        last = self.last
        at = self._clock.now()
        if last is not None and last.at > at:
            at = last.at
        anew = last is None or taken.source != taken.target or actor.kind == "user"
        since: datetime = at if anew or last is None else last.since
        machine = self._program.machine
        moved = SharedMoved(
            taken.edge.id,
            taken.source,
            since,
            type(command).__name__,
            command.model_dump(mode="json"),
            taken.data.model_dump(mode="json"),
        )
        entry = Entry(
            self.stream, machine.name, machine.hash, taken.target, "open", since, "", "", at
        )
        due: datetime | None = getattr(taken.data, "due", None)
        return Commit(
            head=Head() if last is None else last.head,
            set_timers=() if due is None else [Timer(self.stream, WAKE, due)],
            clear_timers=(WAKE,) if due is None else (),
            entry=entry,
            drafts=[draft_by(moved, taken.target, actor)],
            at=at,
            correlation=self.stream,
        )


_defined: WeakKeyDictionary[Store, set[str]] = WeakKeyDictionary()
"""Machines that a store is known to hold."""


async def _define(store: Store, machine: Machine) -> None:
    known = _defined.setdefault(store, set())
    if machine.hash not in known:
        made = Definition(machine.hash, machine.name, machine.to_json(), machine.source)
        await store.define(made)
        known.add(machine.hash)
