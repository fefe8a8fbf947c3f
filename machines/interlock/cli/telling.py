"""`history` and `at`: what happened to a run, and how it was then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from shlex import quote
from typing import TypeAlias

from interlock.cli.errors import NoSuchName
from interlock.cli.past import length, pages
from interlock.cli.render import STYLES, Column, Screen, Styled, print_lines
from interlock.cli.showing import actor_name
from interlock.cli.stores import reading, run_async
from interlock.cli.text import hanging, many, moment, one_line, shorten
from interlock.cli.view import Phrases, event_view
from interlock.cli.wording import changed
from interlock.projections import Choices, Chosen, chooser, find_state
from interlock.projections.subject import read_through
from interlock.store.contract import Store
from interlock.store.event import Event

MOST = 1_000
"""Events in a table, where nothing is said of how many."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a history is told.

    Attributes:
        after: events after this version.
        limit: so many, 0 for all, None for what is usual.
    """

    after: int = 0
    limit: int | None = None


Row: TypeAlias = tuple[Event, str, str]
"""An event, the state before it, and what it says."""


def tell_history(store: str, run: str, wanted: Chosen, part: Part, *, as_json: bool) -> None:
    """Print the events of a run that are wanted.

    Raises:
        NoSuchName: what is wanted is named nowhere in the run.
    """
    run_async(_tell(store, run, wanted, part, as_json=as_json))


async def _tell(url: str, run: str, wanted: Chosen, part: Part, *, as_json: bool) -> None:
    usual = 0 if as_json else MOST
    most = usual if part.limit is None else part.limit
    rows: list[Row] = []
    known, told, more = Choices(), 0, False
    async with reading(url) as store:
        last = await length(store, run)
        async for row in _rows(store, run, wanted, part.after, known):
            more = bool(most) and told == most
            if more:
                break
            told += 1
            if as_json:
                print_lines([event_view(*row)])
            else:
                rows.append(row)
    if not told:
        _nothing(run, wanted, known, last, as_json=as_json)
        return
    screen = Screen()
    if rows:
        _print_rows(screen, rows)
    if more and not as_json:
        version = rows[-1][0].version
        said = (
            f"{many(told, 'event')}, up to {version} of {last}; "
            f"interlock history {quote(run)} --after {version} goes on (--limit 0 tells all)"
        )
        screen.line("")
        screen.line(Styled(said, "dim"))


async def _rows(
    store: Store, run: str, wanted: Chosen, after: int, known: Choices
) -> AsyncIterator[Row]:
    """The events that are wanted, of all that are read; and the names among all of them."""
    fits, last = chooser(wanted), (await store.head(run)).version
    state = (await find_state(store, run, upto=after)).state if after else None
    before, phrases = "" if state is None else state.state, Phrases(state)
    async for events in pages(store, run, after, last):
        for event, now, subject in read_through(events, state):
            state = now
            known.take(event, subject)
            phrases.note(subject.activity)
            if fits(event, state, subject):
                yield event, before, phrases.of(event, state, subject)
            before = event.state


def _nothing(run: str, wanted: Chosen, known: Choices, last: int, *, as_json: bool) -> None:
    """Nothing fits: say what there is, and refuse what is named nowhere."""
    there = known.chosen
    for name in ("state", "actor", "step", "type", "branch"):
        given = getattr(wanted, name)
        names = [*getattr(there, name)]
        asked = [given] if isinstance(given, str) and given else [*given]
        if asked and not any(one in told for one in asked for told in names):
            listed = ", ".join(names[:_NAMED]) or "none"
            said = " or ".join(map(repr, asked))
            message = f"run {run!r} has no {name} {said} in these events; there are: {listed}"
            raise NoSuchName(message)
    if as_json:
        return
    screen = Screen()
    asked_for = [n for n in ("state", "actor", "step", "type", "branch") if getattr(wanted, n)]
    if not asked_for:
        screen.line(f"{run} has {many(last, 'event')}, and none of them was asked for")
        return
    screen.line(f"none of the {many(last, 'event')} of {run} fits all of that; there are")
    screen.pairs((name, ", ".join([*getattr(there, name)][:_NAMED])) for name in asked_for)


def _print_rows(screen: Screen, rows: Sequence[Row]) -> None:
    if screen.rich:
        _print_history(screen, rows)
        return
    screen.table(
        _COLUMNS,
        [
            (str(event.version), moment(event.at), moves(event, before), who(event), what)
            for event, before, what in rows
        ],
    )


_NAMED = 40
"""Names that there are to choose by, at most."""

_COLUMNS = [
    Column("version", "dim", right=True), Column("time", "dim", keep=True), Column("state"),
    Column("actor", "dim"), Column("what"),
]  # fmt: skip
_LONG_STATE = 24
"""Characters of a state on a terminal, where it stands beside the event that led to it."""

_LONGEST = 300
"""Characters of a phrase on a terminal; a pipe and JSON get all of it."""


def _print_history(screen: Screen, rows: Sequence[tuple[Event, str, str]]) -> None:
    """Print events on a terminal: the day once, above the times of that day."""
    days: dict[str, list[tuple[Event, str, str]]] = {}
    for row in rows:
        days.setdefault(moment(row[0].at)[:10], []).append(row)
    columns = [replace(_COLUMNS[0], name="#"), *_COLUMNS[1:]]
    for day, events in days.items():
        screen.line(Styled(f"{day} (UTC)", "bold"))
        if screen.narrow:
            _print_narrow(screen, events)
            continue
        screen.table(
            columns,
            [
                (
                    str(event.version),
                    moment(event.at)[11:-1],
                    shorten(event.state, _LONG_STATE) if event.state != before else "",
                    event.actor.kind if event.actor.kind == "worker" else who(event),
                    Styled(shorten(what, _LONGEST), _style(event)),
                )
                for event, before, what in events
            ],
        )


def _print_narrow(screen: Screen, rows: Sequence[Row]) -> None:
    """Print events where a table has no room: what happened, below it where that led, and who."""
    width = len(str(rows[-1][0].version))
    for event, before, what in rows:
        head = f"{event.version:>{width}}  {moment(event.at)[11:-1]}  "
        said = hanging(head + shorten(one_line(what), _LONGEST), screen.width - 1, len(head))
        first, *others = said.split("\n")
        style = _style(event)
        screen.line(Styled(head.rstrip(), "dim"), Styled(f" {first[len(head) :]}", style))
        for line in others:
            screen.line(Styled(line, style))
        led = f"→ {event.state}" if event.state != before else ""
        known = event.actor.kind == "worker" or (event.actor.id and event.actor.id in what)
        by = "" if known else f"by {who(event)}"
        if led or by:
            below = hanging(" " * len(head) + " ".join(filter(None, (led, by))),
                            screen.width - 1, len(head) + 2)  # fmt: skip
            for line in below.split("\n"):
                screen.line(Styled(line, "dim"))


def moves(event: Event, before: str) -> str:
    """The state after an event, and the one before it when that is another."""
    return event.state if before in ("", event.state) else changed(before, event.state)


def who(event: Event) -> str:
    """Who caused an event; which timer it was is said by what happened."""
    return "timer" if event.actor.kind == "timer" else actor_name(event.actor)


def _style(event: Event) -> str:
    """Ends stand out, and what went wrong."""
    if event.type in ("RunCompleted", "ApprovalGranted"):
        return "green"
    if event.type in ("StepFailed", "StepInDoubt", "ApprovalRejected", "WaitTimedOut", "RunHeld"):
        return "yellow"
    return STYLES.get(event.state, "") if event.type.startswith(("Run", "Undo")) else ""
