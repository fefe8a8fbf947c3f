"""`history` and `at`: what happened to a run, and how it was then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from interlock.cli.instants import parse_instant
from interlock.cli.render import STYLES, Column, Screen, Styled, print_document, print_lines, status
from interlock.cli.showing import actor_name, print_variables
from interlock.cli.source import Excerpt, around, excerpt, excerpt_of_run, print_excerpt
from interlock.cli.standing import indented, standing
from interlock.cli.stores import events_of_run, reading, run_async
from interlock.cli.summing import MANY
from interlock.cli.text import both, exact, moment, shorten
from interlock.cli.view import activity_view, event_view, told
from interlock.cli.wording import changed
from interlock.machines.ir import Machine
from interlock.projections import (
    Chosen,
    History,
    RunState,
    branches,
    choices,
    chosen,
    evolve,
    find_state,
    node_of,
)
from interlock.projections.copying import copy_state
from interlock.projections.loading import find_version
from interlock.store.clock import SystemClock
from interlock.store.event import JSON, Event


def tell_history(store: str, run: str, wanted: Chosen, *, as_json: bool) -> None:
    """Print the events of a run that are wanted."""
    events = run_async(_events(store, run))
    versions = set(chosen(events, wanted))
    rows = [row for row in told(events) if row[0].version in versions]
    if as_json:
        print_lines(event_view(event, before, what) for event, before, what in rows)
        return
    screen = Screen()
    if not rows:
        screen.line(f"none of the {len(events)} events of {run} fits all of that; there are")
        known = choices(events)
        screen.pairs(
            (name, ", ".join([*getattr(known, name)][:_NAMED]))
            for name in ("state", "actor", "step", "type", "branch") if getattr(wanted, name)
        )  # fmt: skip
        return
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


async def _events(url: str, run: str) -> list[Event]:
    async with reading(url) as store:
        return await events_of_run(store, run)


_LONG, _TAIL = 2_000, 200
"""Events from which on a run is not read from its first, and how many of the last ones are."""

_LAST = datetime.max.replace(tzinfo=UTC)


def tell_moment(
    store: str, run: str, version: int | None, time: str, step: int, *, as_json: bool
) -> None:
    """Print a run as it was at a version or an instant; as it is now by default.

    Args:
        step: so many events later, or earlier with a negative number.
    """
    when: int | datetime | None = parse_instant(time) if time else version
    since, events, machine = run_async(_events_and_machine(store, run, when, step))
    state = _fold_on(since, events)
    event, _, what = list(told(events, since))[-1]
    source = None if machine is None else excerpt_of_run(machine, events)
    inside = _branches(state, machine)
    if as_json:
        print_document(
            {
                "run": run,
                "version": event.version,
                "at": exact(event.at),
                "machine": event.machine,
                "hash": event.hash,
                "state": event.state,
                "status": state.status,
                "what": what,
                "variables": state.variables,
                "waits": [activity_view(state, one) for one in state.pending.values()],
                "source": None if source is None else source.view(),
                "branches": [branch.view() for branch in inside],
            }
        )
        return
    screen, now = Screen(), SystemClock().now()
    screen.line(
        Styled(run, "bold"), status(state.status), Styled(f"version {event.version}", "dim")
    )
    screen.pairs(
        [
            ("state", Styled(event.state, STYLES.get(state.status, ""))),
            ("time", both(event.at, now)),
            ("what", what),
            ("actor", actor_name(event.actor)),
            ("reason", event.reason),
            ("correlation", event.correlation if event.correlation != run else ""),
        ]
    )
    if any(activity.join is not None for activity in state.pending.values()):
        screen.heading("Waits for")
        for line in indented(standing(state, None, event.at), screen.width):
            screen.line(line)
    if state.variables:
        screen.heading("Variables")
        print_variables(screen, state.variables)
    _print_source(screen, source, event)
    for branch in inside:
        _print_branch(screen, branch)


@dataclass(frozen=True, slots=True)
class Inside:
    """A branch at some moment.

    Attributes:
        name: of the branch, below those that it is in.
        state: where it is.
        variables: what it remembers.
        source: the lines around that place, None where they are not known.
    """

    name: str
    state: str
    variables: dict[str, JSON]
    source: Excerpt | None

    def view(self) -> dict[str, object]:
        """As JSON."""
        return {
            "branch": self.name,
            "state": self.state,
            "variables": self.variables,
            "source": None if self.source is None else self.source.view(),
        }


def _branches(state: RunState, machine: Machine | None) -> list[Inside]:
    """The branches that are under way. Of many items only the first few."""
    found = [thread for thread in state.threads.values() if thread.id in state.pending]
    inside: list[Inside] = []
    for thread in found[:MANY]:
        name = "/".join(branches(state, state.pending[thread.id]))
        place = node_of(state, state.pending.get(thread.current) or state.pending[thread.id])
        known = machine is not None and place in machine.places
        source = around(excerpt(machine, place), _NEAR) if machine is not None and known else None
        if source is None and not thread.image.variables:
            continue  # nothing is known of what was started on its own
        inside.append(Inside(name, place, thread.image.plain_variables(), source))
    return inside


_NEAR = 2
"""Lines of source before and behind the place of a branch."""


def _print_branch(screen: Screen, branch: Inside) -> None:
    source = branch.source
    where = "" if source is None else f": {source.file}:{source.line or source.first}"
    screen.heading(f"{branch.name}{where}")
    print_variables(screen, branch.variables)
    if source is not None and source.lines:
        print_excerpt(screen, source)


def _print_source(screen: Screen, source: Excerpt | None, event: Event) -> None:
    if source is None:
        screen.heading("Source")
        screen.line(f"  the database has no definition {event.hash}")
    elif source.lines:
        screen.heading(f"{source.file}:{source.line or source.first}")
        print_excerpt(screen, source)


def _fold_on(since: RunState | None, events: Sequence[Event]) -> RunState:
    """The state that some events lead to."""
    state = None if since is None else copy_state(since)
    for event in events:
        state = evolve(state, event)
    assert state is not None  # there are events
    return state


async def _events_and_machine(
    url: str, run: str, when: int | datetime | None, step: int
) -> tuple[RunState | None, list[Event], Machine | None]:
    """The events up to a moment, of a long run the last ones, with the state before them."""
    async with reading(url) as store:
        since: RunState | None = None
        if (await store.head(run)).version > _LONG and not step:
            version = await find_version(store, run, _LAST if when is None else when)
            since = (await find_state(store, run, upto=max(0, version - _TAIL))).state
            after = 0 if since is None else since.head.version
            events = await store.read(run, after=after, upto=version)
        else:
            history = History(await events_of_run(store, run))
            at = history.last if when is None else history.at(when)
            events = list(history.until(at.step(step).version))
        definition = await store.definition(events[-1].hash)
        machine = None if definition is None else Machine.from_json(definition.ir)
        return since, events, machine
