"""`replay`: new code over recorded runs, and the first thing that it does otherwise."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

import typer

from interlock.cli.errors import NothingToCompare
from interlock.cli.render import Screen, Styled, print_document, print_lines
from interlock.cli.stores import entry_of_run, events_of_run, reading, run_async
from interlock.cli.target import import_apps, load_target, machine_of
from interlock.cli.text import compact, many
from interlock.engine import Replayed, replay
from interlock.engine.deploying import cause_of
from interlock.engine.programs import program_of
from interlock.engine.replaying import Spoken
from interlock.projections import History
from interlock.store.contract import Entry, Filter, Store

_MIGRATIONS = (
    "note: migrations are not applied here: the new code is run from each run's beginning; "
    "interlock deploy-check says what becomes of runs where they stand"
)
_LOOKED_AT = 5000
"""Runs whose machines are named."""

_NAMED = 5
"""Runs that are named beside the one that is told."""

_VERDICTS = {"same": "green", "past": "yellow", "diverged": "red"}


def replay_runs(
    store: str, apps: Sequence[str], run: str, against: str, machine: str, *, as_json: bool
) -> None:
    """Replay one run, or with no `run` all of a machine; the exit code is 1 where one diverges.

    Raises:
        NothingToCompare: the run is of another machine than `machine`, by default that of the new
            code; or there is no run of it.
    """
    import_apps(apps)
    target = load_target(against)
    name = machine or machine_of(target).name
    if program_of(target).migrations:
        print(_MIGRATIONS, file=sys.stderr)
    found = run_async(_replay(store, run, name, target))
    if as_json and run:
        print_document(_view(found[0]))
    elif as_json:
        print_lines(_view(one) for one in found)
    else:
        _print(Screen(), found, name, one=bool(run))
    if any(one.diverged for one in found):
        raise typer.Exit(1)


async def _replay(url: str, run: str, machine: str, target: object) -> list[Replayed]:
    async with reading(url) as store:
        if run:
            entry = await entry_of_run(store, run)
            if entry.machine != machine:
                raise NothingToCompare(_another(entry, machine))
            return [await _replayed(store, run, target)]
        entries = await store.entries(Filter(machine=machine))
        if not entries:
            raise NothingToCompare(await _none(store, machine))
        return [await _replayed(store, entry.run, target) for entry in entries]


def _another(entry: Entry, machine: str) -> str:
    return (
        f"{entry.run} is a run of {entry.machine}, and is to be compared with the code of "
        f"{machine}; name the code of {entry.machine}, or say --machine {entry.machine} "
        "where it is meant"
    )


async def _none(store: Store, machine: str) -> str:
    entries = await store.entries(Filter(limit=_LOOKED_AT))
    there = ", ".join(dict.fromkeys(entry.machine for entry in entries))
    hint = f"; it has runs of {there}: --machine NAME compares with those" if there else ""
    return f"there is no run of {machine} in {store.url}, so nothing was compared{hint}"


async def _replayed(store: Store, run: str, target: object) -> Replayed:
    history = History(await events_of_run(store, run))
    found = [await store.definition(known) for known in {e.hash for e in history.events}]
    return replay(history, target, definitions=[one for one in found if one is not None])


def _view(found: Replayed) -> dict[str, object]:
    return asdict(found)


def _print(screen: Screen, found: Sequence[Replayed], machine: str, *, one: bool) -> None:
    causes: dict[tuple[object, ...], list[Replayed]] = {}
    for replayed in found:
        if one or replayed.verdict != "same":
            causes.setdefault(_cause(replayed), []).append(replayed)
    for first, *alike in causes.values():
        _tell(screen, first, [other.run for other in alike])
    if one:
        return
    counts = Counter[str](replayed.verdict for replayed in found)
    words = {"same": "the same", "past": "past their records", "diverged": "otherwise"}
    said = ", ".join(f"{counts[verdict]} {word}" for verdict, word in words.items())
    screen.line(f"{many(len(found), 'run')} of {machine}: {said}")


def _cause(found: Replayed) -> tuple[object, ...]:
    """What runs share of which the first is told: where both sides stand, and what they do."""
    sides = (found.recorded, found.new)
    return (
        found.verdict,
        found.given_up,
        *(
            None
            if side is None
            else (cause_of(side.did, found.run), side.state, side.file, side.line)
            for side in sides
        ),
    )


def _tell(screen: Screen, found: Replayed, alike: Sequence[str]) -> None:
    """One run, and which others are so as well, but for the values."""
    verdict = Styled(found.verdict, _VERDICTS[found.verdict])
    end = "where it was given up" if found.given_up else "the end of its record"
    if found.verdict == "same":
        said = f"to {end}, {found.version}"
    elif found.verdict == "past":
        said = f"{end}, {found.version}:"
    else:
        said = f"at {found.version}:"
    screen.line(Styled(found.run, "bold"), verdict, said)
    if found.verdict == "diverged":
        _side(screen, "recorded", found.recorded, "the run had nothing more to do")
    if found.verdict != "same":
        _side(screen, "new code", found.new, "does nothing there")
    if alike:
        named = ", ".join(alike[:_NAMED]) + (", …" if len(alike) > _NAMED else "")
        screen.paragraph(f"the same in {many(len(alike), 'run')} more: {named}")


def _side(screen: Screen, label: str, spoken: Spoken | None, nothing: str) -> None:
    if spoken is None:
        screen.line(f"  {label}  {nothing}")
        return
    given = "" if spoken.given in (None, []) else f" with {compact(spoken.given)}"
    screen.line(f"  {label}  {spoken.did}{given}, at {spoken.state}")
    if spoken.line:
        screen.line(Styled(f"            {spoken.file}:{spoken.line}: {spoken.text}", "dim"))
