"""Runs whose definition is not the one that the author's modules have now."""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from interlock.projections.held import held_cause
from interlock.store.board import Seen
from interlock.store.contract import FINISHED, Entry, Store
from interlock.store.errors import InterlockError

if TYPE_CHECKING:  # only who compares waits for the compiler
    from interlock.engine.deploying import RunFate

EDITED = "edited since"
"""What is said of such a run, in one place for all commands."""

UNFIT = "cannot go on"
"""What is said of runs that are held, or are as good as held."""

_JUDGED = 500
"""How many runs are looked into where many are listed."""

_SHORT = {"goes on": "goes on", "migrated": "is migrated", "stays": "stays on its code"}
_MANY = {
    "goes on": "go on as they are", "migrated": "are migrated",
    "stays": "stay on their own code, which is imported as well", "": "were not looked into",
}  # fmt: skip


async def fates_of(
    store: Store, entries: Sequence[Entry], apps: Sequence[str]
) -> dict[str, RunFate | None]:
    """What becomes of the runs that follow another definition than the imported one, by id.

    None for those that are too many to be looked into.
    """
    live = [entry for entry in entries if entry.status not in FINISHED] if apps else []
    here = {machine: _imported(machine, apps) for machine in {entry.machine for entry in live}}
    edited = [entry for entry in live if here[entry.machine] not in ("", entry.hash)]
    if not edited:
        return {}
    from interlock.engine.complete import refused
    from interlock.engine.deploying import fate_of
    from interlock.engine.looking import programs_of

    found: dict[str, RunFate | None] = {entry.run: None for entry in edited}
    async with programs_of(store) as programs:
        wrong: dict[str, str] = {}
        for machine in {entry.machine for entry in edited}:
            program = programs.find(machine)
            wrong[machine] = "" if program is None else await refused(store, programs, program)
        for entry in edited[:_JUDGED]:
            fate = await fate_of(store, programs, entry)
            found[entry.run] = _as_refused(fate, wrong[entry.machine])
    return found


def _as_refused(fate: RunFate, why: str) -> RunFate:
    """What becomes of a run where no engine opens with its machine's migrations."""
    if not why:
        return fate
    return dataclasses.replace(fate, fate="migration fails", reasons=(why,), by=())


def missing(entries: Sequence[Entry], apps: Sequence[str]) -> str:
    """Which machines of runs in flight no module defines that was named, in one line; "" for none.

    A worker with just these modules lets such runs stand still.
    """
    live = Counter(entry.machine for entry in entries if entry.status not in FINISHED)
    if not apps or not live:
        return ""
    from interlock.machines import registry

    gone = {machine: many for machine, many in live.items() if not registry.candidates(machine)}
    count = sum(gone.values())
    if not count:
        return ""
    names, modules = ", ".join(gone), ", ".join(apps)
    of = f"{count} {'is' if count == 1 else 'are'} of {names}, which {modules} does not define"
    return f"{of}: a worker that has no more lets them stand still"


def as_held(
    entries: Sequence[Entry], fates: Mapping[str, RunFate | None], seen: Seen | None
) -> list[Entry]:
    """The rows, those of runs that wait and cannot go on under the edited code as of held ones.

    Nothing is recorded of these: the imported code says it, or else the worker.
    """
    board = None if seen is None else seen.board
    stuck = {} if board is None else board.stuck
    found: list[Entry] = []
    for entry in entries:
        fate = fates.get(entry.run)
        why = "" if entry.run in fates else _changed(stuck.get(entry.run, ""))
        if fate is not None and fate.held:
            reasons = "; ".join(fate.reasons)
            why = f"{entry.machine} was edited since this run began: {reasons}{_advice(fate)}"
        live = entry.status not in FINISHED and entry.status != "held"
        waits = {"status": "held", "waits": "person", "waits_for": why}
        found.append(replace(entry, **waits) if why and live else entry)
    return found


def _changed(stuck: str) -> str:
    return stuck if held_cause(stuck) == "definition_changed" else ""


def short(fate: RunFate | None) -> str:
    """What becomes of a run, in a few words."""
    if fate is None:
        return EDITED
    return f"{EDITED}: {_SHORT.get(fate.fate, UNFIT)}"


def summed(fates: Sequence[RunFate | None]) -> str:
    """What becomes of many runs, in one line."""
    counts = Counter(_kind(fate) for fate in fates)
    told = ", ".join(f"{count} {_MANY.get(kind, UNFIT)}" for kind, count in counts.items())
    many = f"{len(fates)} {'follows' if len(fates) == 1 else 'follow'}"
    line = f"{many} a definition from before an edit: {told}"
    if counts[UNFIT]:
        line += "; interlock why RUN --app MODULE says why"
    return line


def _kind(fate: RunFate | None) -> str:
    if fate is None:
        return ""
    return UNFIT if fate.held else fate.fate


def becomes(fate: RunFate) -> str:
    """What becomes of a run, in words, with what to write."""
    why = "; ".join(fate.reasons)
    if fate.held:
        return f"{UNFIT}: {why}{_advice(fate)}"
    if fate.fate == "stays":
        return f"stays on its own code, which is imported as well: {why}"
    by = f", by the migration {', '.join(fate.by)}" if fate.by else ""
    return f"goes on under the imported code when something happens to it{by}"


def _advice(fate: RunFate) -> str:
    if fate.write:
        return f"; write {fate.write}, or bring its old code back"
    return f"; {fate.mend}" if fate.mend else ""


def _imported(machine: str, apps: Sequence[str]) -> str:
    """The definition that modules have of a machine, "" where they have none."""
    from interlock.cli.target import import_apps
    from interlock.engine.programs import Programs

    try:
        import_apps(apps)
        program = Programs(()).find(machine)
    except InterlockError as error:  # a note; it hides nothing of the database
        print(f"note: {machine} is not compared: {error.message}", file=sys.stderr)
        return ""
    return "" if program is None else program.machine.hash
