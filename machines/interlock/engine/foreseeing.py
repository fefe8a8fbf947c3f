"""Runs that wait and could not go on: seen when their code was edited, not when they move."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from interlock.engine.changing import outlook
from interlock.engine.past_values import past_of
from interlock.engine.recovery import UNFINISHED
from interlock.machines.advice import why_held
from interlock.machines.errors import BadDefinition
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.program import Program
from interlock.projections import RunState, load_state
from interlock.store.contract import FINISHED, Entry, Filter, Store
from interlock.store.errors import InterlockError

if TYPE_CHECKING:
    from interlock.engine.core import Core
    from interlock.engine.programs import Programs

log = logging.getLogger("interlock.engine")

_PAGE = 500


async def held_under(
    store: Store, programs: Programs, current: Program | LifecycleProgram, state: RunState
) -> str:
    """Why a run cannot go on under a definition that is not its own, "" where it can."""
    old = await programs.definition(store, state.hash)
    try:
        found = outlook(old, current, state, await past_of(store, old, current, state))
    except Exception as error:  # a migration of the author's
        return f"{type(error).__name__}: {error}"
    if found.event is not None:
        return ""
    return why_held(state.machine, state.hash, current.machine, found.verdict, found.by)


async def foresee(engine: Core) -> None:
    """Find the runs that wait and cannot go on under the present code, one after the other.

    Nothing is recorded: with their old code, or with a migration, they wait as they did. What is
    found is shown by this engine's `held`, on its notice board, and so by `why` and `runs`. Those
    that have something to do are moved at once, and tell it themselves.
    """
    async for entry in _waiting(engine.store):
        current = _edited(engine.programs, entry)
        if current is None or entry.run in engine.held:
            continue
        try:
            state = await load_state(engine.store, entry.run)
        except InterlockError as error:  # it is told of when the run should move
            log.warning("run %s cannot be read: %s", entry.run, error)
            continue
        why = "" if state.ended else await held_under(engine.store, engine.programs, current, state)
        head = await engine.store.head(entry.run)
        if why and head == state.head:  # else it has moved meanwhile
            engine.held[entry.run] = why
        await asyncio.sleep(0)  # whatever is to be moved comes first


async def _waiting(store: Store) -> AsyncIterator[Entry]:
    """The runs that have nothing to do until something comes, in pages."""
    after = None
    while True:
        page = await store.entries(Filter(finished=False, after=after, limit=_PAGE))
        for entry in page:
            if entry.status not in UNFINISHED and entry.status not in FINISHED:
                yield entry
        if len(page) < _PAGE:
            return
        after = page[-1].run


def _edited(programs: Programs, entry: Entry) -> Program | LifecycleProgram | None:
    """The present definition of a run's machine, where its own is not there as well."""
    try:
        exact, current = programs.choice(entry.machine, entry.hash)
    except BadDefinition:
        return None
    return None if exact is not None else current
