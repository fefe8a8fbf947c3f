"""`source`: the author's text at the line where a run stood, and the values it had there."""

from __future__ import annotations

from datetime import datetime
from shlex import quote

from interlock.cli.beside import beside
from interlock.cli.errors import NotStored
from interlock.cli.frames import Frame, branch_names, frames_of
from interlock.cli.instants import parse_instant
from interlock.cli.past import until
from interlock.cli.render import STYLES, Screen, Styled, print_document, status
from interlock.cli.showing import print_variables
from interlock.cli.source import print_excerpt
from interlock.cli.stores import reading, run_async
from interlock.cli.text import exact, moment, shorten
from interlock.cli.view import told
from interlock.machines.ir import Machine
from interlock.projections import History, Moment, RunState


def tell_source(
    store: str, run: str, version: int | None, time: str, step: int, branch: str, *, as_json: bool
) -> None:
    """Print where a run stood at a version or an instant, as it is now by default.

    Args:
        step: so many events later, or earlier with a negative number.
        branch: name or id of a branch, "" for the workflow's own code.
    """
    when: int | datetime | None = parse_instant(time) if time else version
    history, machine = run_async(_load(store, run, when, step))
    at, state = history.last, history.state()
    frames = frames_of(machine, state, history.events, branch)
    if as_json:
        print_document(_view(at, state, frames, branch))
        return
    screen = Screen()
    *_, (_, _, what) = told(history.events, history.since)
    screen.line(Styled(run, "bold"), status(state.status), Styled(f"version {at.version}", "dim"))
    screen.pairs(
        [
            ("state", Styled(at.state, STYLES.get(state.status, ""))),
            ("time", moment(at.at)),
            ("what", shorten(what, _LONGEST) if screen.rich else what),
            ("branch", branch),
        ]
    )
    _print_frames(screen, frames, last=state.closed and not state.lifecycle)
    if not branch:
        _hint(screen, state, run, at.version)


async def _load(
    url: str, run: str, when: int | datetime | None, step: int
) -> tuple[History, Machine]:
    async with reading(url) as store:
        history = await until(store, run, when, step)
        event = history.last.event
        definition = await store.definition(event.hash)
        if definition is None:
            message = f"the database has no definition {event.hash}, which run {run!r} follows"
            raise NotStored(message)
        return history, Machine.from_json(definition.ir)


_LONGEST = 300
"""Characters of what happened, on a terminal."""

_LINES, _CALLER = 16, 8
"""Lines of a variable on a terminal: in the function where the run stands, and in its callers."""

_PIPED = 100
"""Columns for a line of code and the values beside it, in a pipe."""


def _print_frames(screen: Screen, frames: list[Frame], *, last: bool) -> None:
    """Print the functions a run is in.

    Args:
        last: the run has ended, or undoes what it did: that is where it stood last.
    """
    for number, frame in enumerate(frames):
        source = frame.source
        called = ", which called it" if number else ", where it stood last" if last else ""
        screen.heading(f"{frame.function}  {source.file}:{source.line or source.first}{called}")
        width = screen.width if screen.rich else _PIPED
        known = beside(source, frame.variables, width - len(str(source.first)) - 6)
        print_excerpt(screen, source, known)
        if frame.variables:
            print()
            print_variables(screen, frame.variables, _CALLER if number else _LINES)


def _hint(screen: Screen, state: RunState, run: str, version: int) -> None:
    names = list(branch_names(state))
    if not names:
        return
    shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" * (len(names) > _NAMED))
    screen.heading("Branches")
    screen.line(f"  {shown}")
    command = f"interlock source {quote(run)} --version {version} --branch {quote(names[0])}"
    screen.line(f"  → {command}")


_NAMED = 10
"""Branches that are named."""


def _view(at: Moment, state: RunState, frames: list[Frame], branch: str) -> dict[str, object]:
    return {
        "run": at.event.stream,
        "version": at.version,
        "at": exact(at.at),
        "machine": at.event.machine,
        "hash": at.event.hash,
        "state": at.state,
        "status": at.status,
        "branch": branch or None,
        "branches": list(branch_names(state)),
        "frames": [frame.view() for frame in frames],
    }
