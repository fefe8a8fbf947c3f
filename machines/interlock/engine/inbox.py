"""The inbox of people: approvals that wait for a decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from interlock.projections import fold
from interlock.store.contract import Filter, Store
from interlock.store.event import JSON


@dataclass(frozen=True, slots=True)
class Pending:
    """An approval that nobody has decided on.

    Attributes:
        run, machine: which run waits.
        name: of the approval.
        about: the facts to decide on, as plain JSON.
        since: when it was asked for.
        deadline: when it times out, None for never.
    """

    run: str
    machine: str
    name: str
    about: JSON
    since: datetime
    deadline: datetime | None


async def pending_approvals(store: Store) -> list[Pending]:
    """All of them, in natural order of the runs' ids."""
    found: list[Pending] = []
    for entry in await store.entries(Filter(waits="approval")):
        state = fold(await store.read(entry.run))
        found.extend(
            Pending(
                state.run,
                state.machine,
                activity.name,
                state.image.plain(activity.about),
                activity.since,
                activity.due,
            )
            for activity in state.pending.values()
            if activity.kind == "approval" and activity.status != "done"
        )
    return found
