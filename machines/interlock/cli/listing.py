"""`runs`: where each run is, and what it waits for."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import get_args

from interlock.cli.edited import EDITED, other_definition
from interlock.cli.errors import BadArgument
from interlock.cli.render import Cell, Column, Screen, Styled, print_lines, status
from interlock.cli.situations import Situation, situations
from interlock.cli.stores import reading, run_async
from interlock.cli.text import both
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
    entries, besides = run_async(_entries(store, where))
    edited = {entry.run for entry in entries if other_definition(entry, apps)}
    if as_json:
        print_lines(
            {
                **entry_view(e),
                "parent": besides[e.run].parent or None,
                "summary": besides[e.run].summary,
                **({"edited": e.run in edited} if apps else {}),
            }
            for e in entries
        )
        return
    screen = Screen()
    now = SystemClock().now()
    columns = [
        Column("run", "bold", keep=not screen.narrow), Column("machine"), Column("state"),
        Column("status", keep=True), Column("since"), Column("waits for"), Column("child of"),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = [
        (
            entry.run,
            entry.machine,
            entry.state,
            status(entry.status),
            since(screen, entry.since, now),
            (besides[entry.run].summary or waits(entry))
            + (f" ({EDITED})" if entry.run in edited else ""),
            besides[entry.run].parent,
        )
        for entry in entries
    ]
    if not any(besides[entry.run].parent for entry in entries):
        del columns[-1]
        rows = [row[:-1] for row in rows]
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


async def _entries(url: str, where: Filter) -> tuple[list[Entry], dict[str, Situation]]:
    async with reading(url) as store:
        entries = await store.entries(where)
        return entries, await situations(store, entries)


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
