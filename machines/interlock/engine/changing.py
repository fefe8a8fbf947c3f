"""A run under another definition: whether it goes on, and the event that says so."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from interlock.engine.fitting import Fitting
from interlock.engine.holding import holding
from interlock.engine.past_values import NOTHING, Past
from interlock.engine.reshaping import (
    MigrationFailed,
    completed,
    input_of,
    reshaped,
    reshaped_data,
)
from interlock.machines.compare import GoesOn, TypeChanged, Verdict, judge
from interlock.machines.held import Held, renamed
from interlock.machines.ir import Machine
from interlock.machines.kernel import readable
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.migration import Migration, Where, mapped_by
from interlock.machines.program import Program
from interlock.projections import RunState
from interlock.projections.migrating import migrated
from interlock.store.changing import RunMigrated
from interlock.store.event import Delta
from interlock.store.vocabulary import RunStarted


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of a run under a program.

    Attributes:
        verdict: whether it goes on, and else why not.
        event: what is recorded when it does, None when it does not.
        state: the name of its state then.
        by: names of the migrations that are applied, in order.
        failed: how one of them failed, without values of the run; "" when none did.
    """

    verdict: Verdict
    event: RunMigrated | None = None
    state: str = ""
    by: tuple[str, ...] = ()
    failed: str = ""


def outlook(
    old: Machine | None,
    program: Program | LifecycleProgram,
    state: RunState,
    past: Past = NOTHING,
) -> Outlook:
    """What becomes of a run that follows another definition than the program's.

    The one answer for the engine, which then does it, and for those who ask before.

    Args:
        old: the definition that it follows; None when nobody knows it any more.
        state: the run; left as it is.
        past: what its log holds of its past: see `past_of`.
    """
    version = "" if old is None else old.version
    path = program.migrations.path(state.hash, version, program.machine)
    by = tuple(migration.name for migration in path)
    states = mapped_by(path)
    held = holding(state)
    event = _moved(program, state, held, path, states)
    try:
        strange = _strange(old, program, state)
        first = next((e.body for e in past.begun if isinstance(e.body, RunStarted)), None)
        event = _with_values(program, state, event, path, strange, states, first)
    except MigrationFailed as error:
        return Outlook(TypeChanged(("variables",), (str(error),)), by=by, failed=error.cause)
    plain = RunMigrated(event.source, event.target, event.by)
    after = state if event == plain else migrated(copy.deepcopy(state), event)
    changed = any(migration.change is not None for migration in path)
    fitting = Fitting(None if changed else old, program, after, past.unfit)
    verdict = judge(old, program.machine, _as_after(held.moved(states), after), fitting)
    if not isinstance(verdict, GoesOn):
        return Outlook(verdict, by=by)
    return Outlook(verdict, event, _state(program, state, after, states), by)


def _moved(
    program: Program | LifecycleProgram,
    state: RunState,
    held: Held,
    path: Iterable[Migration],
    states: Mapping[str, str],
) -> RunMigrated:
    """The event without what it says of variables."""
    names = {name: renamed(name, states) for name in _names(held)}
    places = program.machine.places
    commands: dict[str, list[str]] = {}
    for doing in held.doing:
        node = places.get(renamed(doing.state, states))
        if doing.kind == "wait" and node is not None and doing.state in states:
            wanted = node.waits_for.split(", ")
            if set(wanted) > set(doing.commands):
                commands[doing.id] = wanted
    return RunMigrated(
        source=state.hash,
        target=program.machine.hash,
        by=[migration.name for migration in path],
        states={name: now for name, now in names.items() if now != name},
        commands=commands,
        entered=_entered(program, state, names),
    )


def _names(held: Held) -> list[str]:
    """Every state that a run speaks of."""
    found = [thread.was for thread in held.threads]
    found += [doing.was for doing in held.doing]
    found += [was for _, was in held.planned]
    found += [done.was for done in held.undo]
    found += [was for _, was in held.active]
    for history, back in held.remembered.items():
        found += [history, *back]
    return list(dict.fromkeys(found))


def _entered(
    program: Program | LifecycleProgram, state: RunState, names: Mapping[str, str]
) -> list[str] | None:
    """The active states, where only one of the two definitions has nested ones."""
    if not isinstance(program, LifecycleProgram) or program.chart.flat != bool(state.active):
        return None
    if program.chart.flat:
        return []
    return [names[name] for name in state.configuration]


def _with_values(
    program: Program | LifecycleProgram,
    state: RunState,
    event: RunMigrated,
    path: list[Migration],
    strange: set[str],
    states: Mapping[str, str],
    begun: RunStarted | None,
) -> RunMigrated:
    """The event with what it makes of the variables."""
    if isinstance(program, LifecycleProgram):
        data = reshaped_data(state.image, program.types, strange, path, program.data_type)
        memory = data or completed(state.image, program.types)
        return msgspec.structs.replace(event, memory=memory)
    given = input_of(begun if path else None, program.types, strange)
    names = _variables(state.image.variables, "", states)
    at = Where(state.state, "", *given)
    own = reshaped(state.image, program.types, strange, path, at, names)
    branches: dict[str, Delta] = {}
    for branch in state.threads.values():
        where = Where(branch.state, branch.id, *given)
        root = f"{state.pending[branch.id].state}/"
        names = _variables(branch.image.variables, root, states)
        made = reshaped(branch.image, program.types, strange, path, where, names)
        delta = made or completed(branch.image, program.types)
        if delta is not None:
            branches[branch.id] = delta
    memory = own or completed(state.image, program.types)
    return msgspec.structs.replace(event, memory=memory, branches=branches)


def _variables(variables: Iterable[str], root: str, states: Mapping[str, str]) -> dict[str, str]:
    """What variables of helpers are called now, where the helper's state got another name."""
    found: dict[str, str] = {}
    above_all = renamed(root[:-1], states) + root[-1:]
    for name in variables:
        above, slash, own = name.rpartition("/")
        now = renamed(f"{root}{above}", states).removeprefix(above_all)
        if slash and now != above:
            found[name] = f"{now}/{own}"
    return found


def _strange(old: Machine | None, program: Program | LifecycleProgram, state: RunState) -> set[str]:
    """Classes of recorded objects that are gone, or not what they were, or hold such."""
    if not program.migrations:
        return set()
    fitting = Fitting(old, program, state)
    images = [state.image, *(branch.image for branch in state.threads.values())]
    return fitting.strange(images)


def _as_after(held: Held, after: RunState) -> Held:
    """What a run holds, with the variables that it has then."""
    images = {"": after.image, **{name: branch.image for name, branch in after.threads.items()}}
    threads = tuple(
        msgspec.structs.replace(thread, variables=frozenset(images[thread.id].variables))
        for thread in held.threads
    )
    doing = tuple(
        msgspec.structs.replace(one, commands=tuple(after.pending[one.id].commands))
        for one in held.doing
    )
    return msgspec.structs.replace(held, threads=threads, doing=doing)


def _state(
    program: Program | LifecycleProgram, state: RunState, after: RunState, states: Mapping[str, str]
) -> str:
    """The name of the run's state, as the definition has it."""
    if isinstance(program, LifecycleProgram) and not program.chart.flat:
        return readable(program.machine, after.configuration)
    return renamed(state.state, states)
