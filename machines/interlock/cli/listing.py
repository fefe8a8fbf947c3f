"""`runs`: where each run is, and what it waits for."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from interlock.cli.edited import as_held, fates_of, missing, short, summed
from interlock.cli.errors import BadArgument
from interlock.cli.known_names import check_names
from interlock.cli.render import Cell, Column, Screen, Styled, print_lines, status
from interlock.cli.situations import Situation, situations
from interlock.cli.stores import reading, run_async
from interlock.cli.text import both, many, shorten
from interlock.cli.view import entry_view
from interlock.cli.when import ago
from interlock.projections.held import held_cause
from interlock.projections.run import RunStatus
from interlock.store.board import Seen
from interlock.store.clock import SystemClock
from interlock.store.contract import FINISHED, Entry, Filter

if TYPE_CHECKING:  # whoever merely looks does not wait for the engine
    from interlock.engine.deploying import RunFate

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
    archived: bool = False,
    as_json: bool,
) -> None:
    """Print the rows of the index that fit.

    Raises:
        BadArgument: a status is none.
        NoSuchName: no run is, or could be, in that state, or of that machine.
    """
    _check_statuses(statuses)
    where = Filter(
        machine=machine or None,
        state=state or None,
        status=tuple(statuses),
        limit=limit,
        archived=archived,
    )
    entries, besides, fates, seen = run_async(_entries(store, where, apps))
    if as_json:
        print_lines(
            {
                **entry_view(e),
                "parent": besides[e.run].parent or None,
                "summary": besides[e.run].summary,
                **(_of_app(e, fates) if apps else {}),
            }
            for e in entries
        )
        return
    screen = Screen()
    _print_runs(screen, entries, besides, fates)
    strangers = missing(entries, apps)
    for said in (*([strangers] if strangers else []),
                 *_remarks(entries, fates, seen, known=bool(apps))):  # fmt: skip
        print(said, file=sys.stderr)
    if screen.rich:
        counts = Counter(entry.status for entry in entries)
        told = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        screen.line("")
        screen.line(Styled(f"{many(len(entries), 'run')}{': ' if told else ''}{told}", "dim"))


def _check_statuses(statuses: Sequence[str]) -> None:
    for wanted in statuses:
        if wanted not in get_args(RunStatus):
            known = ", ".join(get_args(RunStatus))
            message = f"--status {wanted!r} is unknown; known are: {known}"
            raise BadArgument(message)


def _remarks(
    entries: Sequence[Entry],
    fates: Mapping[str, RunFate | None],
    seen: Seen | None,
    *,
    known: bool,
) -> Iterator[str]:
    """What is to be said of the runs besides.

    Args:
        known: what becomes of each under the imported definitions is said by `fates`.
    """
    if fates:
        yield summed([*fates.values()])
    moving = sum(entry.status in _MOVING for entry in entries)
    others = 0 if known else sum(_is_other(entry, seen) for entry in entries)
    if others:
        yield (
            f"{others} {'follows' if others == 1 else 'follow'} another definition than the worker "
            "has: interlock deploy-check MODULE says what becomes of them"
        )
    if moving and seen is None:
        yield (
            f"{moving} {'has' if moving == 1 else 'have'} something to do, but no worker serves "
            "this database (interlock work MODULE); interlock why RUN says more"
        )


def _of_app(entry: Entry, fates: Mapping[str, RunFate | None]) -> dict[str, object]:
    """Whether a run follows another definition than the imported one, and what becomes of it."""
    fate = fates.get(entry.run)
    return {"edited": entry.run in fates, "fate": None if fate is None else fate.fate}


def _is_other(entry: Entry, seen: Seen | None) -> bool:
    """Whether a run in flight follows a definition that the worker does not have, but another."""
    if seen is None or seen.board is None or entry.status in FINISHED:
        return False
    served = (seen.board.serves or {}).get(entry.machine)
    return bool(served) and entry.hash not in (served or ())


_MOVING = ("running", "compensating")
"""The statuses of runs for which a worker has something to do, now or when it is due."""

_LONG_STATE = 32
"""Characters of a state on a terminal; a pipe and JSON get all of it."""

_HELD = {
    "definition_changed": "its code was edited", "code_missing": "its code is not there",
    "resource_missing": "lacks a resource",
}  # fmt: skip
"""Why a run is held, where there is little room; `why` says the rest."""

_SHORT = 36
"""Characters of a run's id and state up to which a narrow terminal has room for its machine."""

_LONG_WAITS = {False: 90, True: 40}
"""Characters of what a run waits for, on a wide terminal and on a narrow one."""


def _print_runs(
    screen: Screen,
    entries: Sequence[Entry],
    besides: Mapping[str, Situation],
    fates: Mapping[str, RunFate | None],
) -> None:
    """Print the table; on a terminal long names are cut, on a narrow one columns are left out."""
    now = SystemClock().now()
    ids = max((len(entry.run) for entry in entries), default=0)
    children = any(_elsewhere(entry, besides) for entry in entries)
    columns = {
        "run": Column("run", "bold", keep=ids <= screen.width // 3),
        "machine": Column("machine"),
        "state": Column("state"),
        "status": Column("status", keep=True),
        "since": Column("since", keep=True),
        "waits for": Column("waits for"),
        "child of": Column("child of"),
    }
    states = max((len(entry.state) for entry in entries), default=0)
    crowded = screen.narrow and ids + states > _SHORT
    left_out = {"machine"} if crowded else set[str]()
    left_out |= set() if children else {"child of"}
    rows: list[list[Cell]] = []
    for entry in entries:
        wait = besides[entry.run].summary if entry.status != "held" else ""
        wait = wait or waits(entry)
        if screen.narrow and entry.status == "held":
            wait = _HELD.get(held_cause(entry.waits_for), wait)
        wait = shorten(wait, _LONG_WAITS[screen.narrow]) if screen.rich else wait
        cells: dict[str, Cell] = {
            "run": entry.run,
            "machine": entry.machine,
            "state": shorten(entry.state, _LONG_STATE) if screen.rich else entry.state,
            "status": status(entry.status),
            "since": since(screen, entry.since, now),
            "waits for": wait + _edit(entry, fates),
            "child of": _elsewhere(entry, besides),
        }
        rows.append([cell for name, cell in cells.items() if name not in left_out])
    screen.table([column for name, column in columns.items() if name not in left_out], rows)


def _edit(entry: Entry, fates: Mapping[str, RunFate | None]) -> str:
    """What an edit of its machine means for a run, where its row does not say so."""
    fate = fates.get(entry.run)
    if entry.run not in fates or (fate is not None and fate.held and entry.status == "held"):
        return ""
    return f" ({short(fate)})"


def _elsewhere(entry: Entry, besides: Mapping[str, Situation]) -> str:
    """The run that started this one as its child, where the id does not say so."""
    parent = besides[entry.run].parent
    return "" if entry.run.startswith(f"{parent}/") else parent


async def _entries(
    url: str, where: Filter, apps: Sequence[str]
) -> tuple[list[Entry], dict[str, Situation], dict[str, RunFate | None], Seen | None]:
    """The rows, what they do not say, and the worker that serves the database."""
    async with reading(url) as store:
        entries = await store.entries(where)
        if not entries:
            await check_names(store, where)
        fates = await fates_of(store, entries, apps)
        seen = store.worker()
        return as_held(entries, fates, seen), await situations(store, entries), fates, seen


def since(screen: Screen, at: datetime, now: datetime) -> str:
    """How long ago something was; the instant too, where there is room."""
    return ago(at, now) if screen.width < _WIDE else both(at, now)


def waits(entry: Entry) -> str:
    """What a run waits for, in words; or where it was moved to."""
    if entry.archive:
        return f"archived in {Path(entry.archive).name}"
    if entry.waits == "timer":
        return f"until {entry.waits_for}Z"
    if entry.status == "held":
        return entry.waits_for
    if entry.waits == "person":
        return f"a person: {entry.waits_for}"
    return f"{entry.waits} {entry.waits_for}".strip()
