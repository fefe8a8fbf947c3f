"""Why a run is where it is: gathers what the store, the code and the worker know of it.

Usable with a store that was opened to be read only, without the run's code and without a worker.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from interlock.engine.asking_guards import ask_guards
from interlock.engine.errors import UnknownRun
from interlock.engine.foreseeing import held_under
from interlock.engine.programs import Programs
from interlock.engine.rights import Directory, groups_of
from interlock.machines.errors import BadDefinition
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.resilience.quiet import OfferData, Quiet
from interlock.projections import BreakerState, RunState, Why, breaker_state, explain, find_state
from interlock.projections.breaker import PREFIX
from interlock.projections.outline import Outline
from interlock.projections.reasons.facts import Asked, Facts
from interlock.projections.reasons.glance import glance
from interlock.projections.reasons.offered import Offered, debounced
from interlock.projections.shared import evolve_shared
from interlock.store.board import Seen
from interlock.store.contract import Entry, Filter, Store
from interlock.store.errors import RunArchived

log = logging.getLogger("interlock.engine")

_DEBOUNCES = "$debounce/"
_DEEPEST = 50
"""Runs below each other that are looked into."""

_MOST = 200
"""Children of one run that are looked into; of the rest, what their rows say."""


@dataclass(slots=True)
class Asking:
    """Who answers: a store, and whatever else is at hand.

    Attributes:
        store: where the run is.
        now: the instant to answer for.
        programs: the code that is imported here, to ask its guards; None for none.
        directory: who is in the groups of approvals; None when it is not known here.
        worker: what the worker tells, if this process knows it better than the store.
    """

    store: Store
    now: datetime
    programs: Programs | None = None
    directory: Directory | None = None
    worker: Seen | None = None
    _definitions: dict[str, Outline | None] = field(default_factory=dict[str, Outline | None])

    async def why(self, run: str) -> Why:
        """The answer for a run.

        Raises:
            UnknownRun: there is none of this id, and none is about to begin.
        """
        if self.worker is None:
            self.worker = self.store.worker()
        found = await self._why(run, 0)
        found = found or await self._offered(run)
        if found is None:
            message = f"there is no run {run!r} in {self.store.url}"
            raise UnknownRun(message)
        return found

    async def _why(self, run: str, depth: int) -> Why | None:
        state = (await find_state(self.store, run)).state
        if state is None:
            return None
        asked, asks = self._asked(state)
        changed, imported = await self._changed(state)
        return explain(
            Facts(
                state=state,
                now=self.now,
                definition=await self._definition(state.hash),
                timers=await self.store.timers(run),
                worker=self.worker,
                children=await self._children(state, depth),
                breakers=await self._breakers(state),
                members=await self._members(state),
                asked=asked,
                asks=asks,
                changed=changed,
                imported=imported,
            )
        )

    async def _definition(self, digest: str) -> Outline | None:
        if digest not in self._definitions:
            found = await self.store.definition(digest)
            with suppress(msgspec.MsgspecError):  # of a release that writes it otherwise
                self._definitions[digest] = None if found is None else Outline.of(found.ir)
        return self._definitions.get(digest)

    async def _children(self, state: RunState, depth: int) -> Mapping[str, Why]:
        ids = [a.child for a in state.pending.values() if a.child]
        if not ids or depth >= _DEEPEST:
            return {}
        rows = await self.store.entries(Filter(ids=tuple(ids)))
        rows.sort(key=lambda row: row.status == "running")  # which say the least
        found = {row.run: glance(row, self.now) for row in rows[_MOST:]}
        for row in rows[:_MOST]:
            found[row.run] = await self._child(row, depth)
        return found

    async def _child(self, row: Entry, depth: int) -> Why:
        try:
            found = await self._why(row.run, depth + 1)
        except RunArchived:  # it has ended, and its parent has not been told
            found = None
        return found or glance(row, self.now)

    async def _breakers(self, state: RunState) -> Mapping[str, BreakerState]:
        held = {a.postponed for a in state.pending.values() if a.status == "postponed"}
        names = [by.partition(" ")[2] for by in held if by.startswith("breaker ")]
        found: dict[str, BreakerState] = {}
        for name in names:
            stream = f"{PREFIX}{name}"
            head = await self.store.head(stream)
            events = await self.store.read(stream, after=head.version - 1) if head.version else []
            found[name] = breaker_state(name, evolve_shared(events[-1]) if events else None)
        return found

    async def _members(self, state: RunState) -> Mapping[str, Collection[str]]:
        groups = groups_of(state)
        if self.directory is None or not groups:
            return {}
        try:
            await self.directory.look_up(groups)
        except Exception as error:  # who is in them is not known then, and the rest is
            log.warning("the groups cannot be looked up: %s", error)
            return {}
        return {group: self.directory.members[group] for group in groups}

    def _asked(self, state: RunState) -> tuple[Mapping[str, Asked] | None, str]:
        """What the guards of a lifecycle say now, or why they cannot be asked."""
        if not state.lifecycle or state.ended is not None:
            return None, ""
        elsewhere = "but its code is not here: name its module with --app"
        if self.programs is None:
            return None, elsewhere
        try:
            program = self.programs.find(state.machine, state.hash)
        except BadDefinition as error:
            return None, error.message
        if not isinstance(program, LifecycleProgram):
            return None, elsewhere
        if program.machine.hash != state.hash:
            return None, "but the code that is here is another definition"
        try:
            return ask_guards(program, state, self.now), ""
        except Exception as error:  # the run's data cannot be read by this code
            return None, f"but cannot be asked: {error}"

    async def _changed(self, state: RunState) -> tuple[str | None, str]:
        """Why it cannot go on under the worker's definition, and under the one that is here.

        See `Facts.changed` and `Facts.imported`.
        """
        if self.programs is None or state.ended is not None:
            return None, ""
        try:
            exact, current = self.programs.choice(state.machine, state.hash)
        except BadDefinition:
            return None, ""
        board = None if self.worker is None else self.worker.board
        if current is None and exact is None and board is None:
            return None, f"no module of it defines {state.machine}"
        if current is None or exact is not None:
            return None, ""
        why = await held_under(self.store, self.programs, current, state)
        served = () if board is None else (board.serves or {}).get(state.machine, ())
        if current.machine.hash in served and state.hash not in served:
            return why, ""
        return None, why

    async def _offered(self, run: str) -> Why | None:
        """The answer for a run whose start is debounced."""
        for entry in await self.store.entries(Filter(prefix=_DEBOUNCES)):
            if entry.state == Quiet.IDLE:
                continue
            head = await self.store.head(entry.run)
            (last,) = await self.store.read(entry.run, after=head.version - 1)
            shared = evolve_shared(last)
            offer: OfferData = OfferData.model_validate(shared.data)
            if offer.id == run and offer.machine:
                name = entry.run.removeprefix(_DEBOUNCES)
                offered = Offered(run, offer.machine, name, shared.at, offer.due, entry.run)
                return debounced(offered, self.worker, self.now)
        return None
