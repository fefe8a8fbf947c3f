"""Telling people: what the engine's `notify` function is given, at least once each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from interlock.engine.session import Session
from interlock.projections import Activity, Approval, RunState
from interlock.projections.people import NOTICE
from interlock.store.contract import Timer
from interlock.store.decisions import Notified
from interlock.store.errors import Conflict
from interlock.store.event import JSON, Actor

if TYPE_CHECKING:
    from interlock.engine.core import Core

log = logging.getLogger("interlock.engine")

_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=5)
"""Between two attempts to tell somebody: doubled each time."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that people should hear of.

    Attributes:
        kind: `reminder`, `escalation`, `delegation`, or `failure` (an undo waits for a person).
        key: the same for every attempt to tell, and for nothing else.
        run, machine: where.
        activity: what it is about, within the run.
        name: of the approval, or of the undo.
        about: the facts of an approval, as plain JSON.
        facts: their digest.
        names, groups, rule: who may decide, by a right that was handed to them as well.
        deadline: when the approval times out, None for never.
        error: why an undo failed.
    """

    kind: str
    key: str
    run: str
    machine: str
    activity: str
    name: str
    about: JSON = None
    facts: str = ""
    names: Sequence[str] = ()
    groups: Sequence[str] = ()
    rule: str = ""
    deadline: datetime | None = None
    error: str = ""


Notify: TypeAlias = Callable[[Notice], Awaitable[None]]
"""Tells somebody. When it raises, it is called again later; after a crash as well."""


class Notices:
    """The notices of one engine.

    Attributes:
        wanted: whether there is anybody to tell.
        idle: set while nobody is being told.
    """

    def __init__(self, engine: Core, notify: Notify | None) -> None:
        self._engine = engine
        self._notify = notify
        self._telling: set[tuple[str, str, str]] = set()
        self._waits: dict[tuple[str, str, str], timedelta] = {}
        self.wanted = notify is not None
        self.idle = asyncio.Event()
        self.idle.set()

    def give(self, timer: Timer, state: RunState, activity: Activity, alarm: str) -> None:
        """Tell about a notice that is due, unless that is being done."""
        place = (state.run, activity.id, alarm)
        if self._notify is None or place in self._telling or self._engine.closing:
            return
        self._telling.add(place)
        self.idle.clear()
        notice = _notice(state, activity, alarm.removeprefix(NOTICE))
        self._engine.spawn(self._tell(self._notify, place, timer, notice))

    async def _tell(
        self, notify: Notify, place: tuple[str, str, str], timer: Timer, notice: Notice
    ) -> None:
        try:
            await notify(notice)
            await self._record(place)
            self._waits.pop(place, None)
        except Exception as error:  # of the author's function, or of the store
            wait = min(self._waits.get(place, _FIRST_WAIT / 2) * 2, _LONGEST_WAIT)
            self._waits[place] = wait
            log.warning("notice %s could not be given: %s", notice.key, error)
            again = Timer(timer.run, timer.name, self._engine.clock.now() + wait)
            self._engine.timer_service.add([again])
        finally:
            self._telling.discard(place)
            if not self._telling:
                self.idle.set()

    async def _record(self, place: tuple[str, str, str]) -> None:
        run, activity, alarm = place
        sessions = self._engine.sessions
        sessions.hold(run)
        try:
            while True:
                session = await sessions.get(run)
                async with session.lock:
                    if session.broken:
                        continue
                    if not _is_open(session, activity, alarm):
                        return
                    session.by(Actor("system", "notify"))
                    session.emit(Notified(activity, alarm.removeprefix(NOTICE)))
                    try:
                        await self._engine.flush(session)
                    except Conflict:
                        continue
                    return
        finally:
            sessions.release(run)


def _is_open(session: Session, activity: str, alarm: str) -> bool:
    found = session.state.pending.get(activity)
    return found is not None and alarm in found.alarms


def _notice(state: RunState, activity: Activity, what: str) -> Notice:
    approval = activity.approval or Approval()
    holders = sorted(set(approval.rights.values()) - set(approval.rights))
    names = [name for name in approval.approvers.names if name not in approval.rights]
    error = activity.error
    return Notice(
        kind=what.partition(" ")[0],
        key=f"{state.run}/{activity.id}/{what}",
        run=state.run,
        machine=state.machine,
        activity=activity.id,
        name=activity.name,
        about=state.thread(activity).image.plain(activity.about),
        facts=approval.facts,
        names=[*names, *holders],
        groups=approval.approvers.groups,
        rule=approval.approvers.rule,
        deadline=activity.due,
        error="" if error is None else f"{error.type}: {error.message}",
    )
