"""`at`: a run as it was at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from interlock.cli.instants import parse_instant
from interlock.cli.past import until
from interlock.cli.render import STYLES, Screen, Styled, print_document, status
from interlock.cli.showing import actor_name, print_variables
from interlock.cli.source import Excerpt, around, excerpt, excerpt_of_run, print_excerpt
from interlock.cli.standing import indented, standing
from interlock.cli.stores import reading, run_async
from interlock.cli.summing import MANY
from interlock.cli.text import both, exact
from interlock.cli.view import activity_view, told
from interlock.machines.ir import Machine
from interlock.projections import History, RunState, branches, node_of
from interlock.store.clock import SystemClock
from interlock.store.event import JSON, Event


def tell_moment(
    store: str, run: str, version: int | None, time: str, step: int, *, as_json: bool
) -> None:
    """Print a run as it was at a version or an instant; as it is now by default.

    Args:
        step: so many events later, or earlier with a negative number.
    """
    when: int | datetime | None = parse_instant(time) if time else version
    history, machine = run_async(_load(store, run, when, step))
    state = history.state()
    *_, (event, _, what) = told(history.events, history.since)
    source = None if machine is None else excerpt_of_run(machine, history.events)
    inside = _branches(state, machine)
    if as_json:
        print_document(_view(state, event, what, source, inside))
        return
    screen = Screen()
    _print_head(screen, state, event, what)
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


async def _load(
    url: str, run: str, when: int | datetime | None, step: int
) -> tuple[History, Machine | None]:
    async with reading(url) as store:
        history = await until(store, run, when, step)
        definition = await store.definition(history.last.event.hash)
        return history, None if definition is None else Machine.from_json(definition.ir)


def _view(
    state: RunState, event: Event, what: str, source: Excerpt | None, inside: list[Inside]
) -> dict[str, object]:
    return {
        "run": state.run,
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


def _print_head(screen: Screen, state: RunState, event: Event, what: str) -> None:
    run = state.run
    screen.line(
        Styled(run, "bold"), status(state.status), Styled(f"version {event.version}", "dim")
    )
    screen.pairs(
        [
            ("state", Styled(event.state, STYLES.get(state.status, ""))),
            ("time", both(event.at, SystemClock().now())),
            ("what", what),
            ("actor", actor_name(event.actor)),
            ("reason", event.reason),
            ("correlation", event.correlation if event.correlation != run else ""),
        ]
    )


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
