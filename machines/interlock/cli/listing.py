"""The lists: runs, and approvals that are pending."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import get_args

from interlock.cli.edited import EDITED, other_definition
from interlock.cli.errors import BadArgument
from interlock.cli.render import Column, Screen, Styled, print_lines, status
from interlock.cli.stores import reading, run_async
from interlock.cli.text import both, compact, exact
from interlock.cli.view import entry_view
from interlock.cli.when import ago
from interlock.projections.run import RunStatus
from interlock.store.clock import SystemClock
from interlock.store.contract import Entry, Filter

_WIDE = 130
"""Columns of a terminal from which on instants stand beside "2 min ago"."""


def list_runs(
    store: str,
    state: str,
    machine: str,
    statuses: Sequence[str],
    limit: int | None,
    apps: Sequence[str] = (),
    *,
    as_json: bool,
) -> None:
    """Print the rows of the index that fit.

    Raises:
        BadArgument: a status is none.
    """
    for wanted in statuses:
        if wanted not in get_args(RunStatus):
            known = ", ".join(get_args(RunStatus))
            message = f"--status {wanted!r} is unknown; known are: {known}"
            raise BadArgument(message)
    where = Filter(
        machine=machine or None, state=state or None, status=tuple(statuses), limit=limit
    )
    entries = run_async(_entries(store, where))
    edited = {entry.run for entry in entries if other_definition(entry, apps)}
    if as_json:
        marks = [{"edited": entry.run in edited} if apps else {} for entry in entries]
        print_lines({**entry_view(e), **mark} for e, mark in zip(entries, marks, strict=True))
        return
    screen = Screen()
    now = SystemClock().now()
    columns = [
        Column("run", "bold", keep=True), Column("machine"), Column("state"),
        Column("status", keep=True), Column("since"), Column("waits for"),
    ]  # fmt: skip
    rows = [
        (
            entry.run,
            entry.machine,
            entry.state,
            status(entry.status),
            since(screen, entry.since, now),
            waits(entry) + (f" ({EDITED})" if entry.run in edited else ""),
        )
        for entry in entries
    ]
    screen.table(columns, rows)
    if edited:
        print(
            f"{len(edited)} follow a definition from before an edit: they are held when they "
            "should move, until it is back (or end by: interlock cancel RUN)",
            file=sys.stderr,
        )
    if screen.rich:
        counts = Counter(entry.status for entry in entries)
        told = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        screen.line("")
        screen.line(Styled(f"{len(entries)} runs{': ' if told else ''}{told}", "dim"))


async def _entries(url: str, where: Filter) -> list[Entry]:
    async with reading(url) as store:
        return await store.entries(where)


def since(screen: Screen, at: datetime, now: datetime) -> str:
    """How long ago something was; the instant too, where there is room."""
    return ago(at, now) if screen.width < _WIDE else both(at, now)


def waits(entry: Entry) -> str:
    """What a run waits for, in words."""
    if entry.waits == "timer":
        return f"until {entry.waits_for}Z"
    if entry.waits == "person":
        return f"a person: {entry.waits_for}"
    return f"{entry.waits} {entry.waits_for}".strip()


def list_approvals(store: str, *, as_json: bool) -> None:
    """Print the approvals that nobody has decided on."""
    from interlock.engine.inbox import Pending, Wanted, pending_approvals
    from interlock.engine.rights import Directory

    wanted = Wanted()

    async def pending() -> list[Pending]:
        async with reading(store) as opened:
            return await pending_approvals(opened, wanted, Directory.of(None), SystemClock().now())

    found = run_async(pending())
    if as_json:
        print_lines(
            {
                "run": one.run,
                "machine": one.machine,
                "name": one.name,
                "about": one.about,
                "since": exact(one.since),
                "until": exact(one.deadline),
            }
            for one in found
        )
        return
    screen = Screen()
    if screen.rich and not found:
        screen.line(Styled("no approval is pending", "dim"))
        return
    now = SystemClock().now()
    columns = [
        Column("run", "bold", keep=True), Column("approval", "yellow", keep=True),
        Column("machine"), Column("asked"), Column("until"), Column("about"),
    ]  # fmt: skip
    rows = [
        (
            one.run,
            one.name,
            one.machine,
            since(screen, one.since, now),
            since(screen, one.deadline, now) if one.deadline else "",
            compact(one.about),
        )
        for one in found
    ]
    screen.table(columns, rows)
