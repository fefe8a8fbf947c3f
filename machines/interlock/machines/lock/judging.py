"""Whether runs of what was locked can go on under the code as it is now, wherever they may be."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

import msgspec

from interlock.machines.advice import author_name, migration, needed
from interlock.machines.check import Problem
from interlock.machines.compare import GoesOn, TypeChanged, Verdict, judge
from interlock.machines.held import Done, Held, ThreadAt, anywhere, levels
from interlock.machines.ir import Machine
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.lock.contents import Locked
from interlock.machines.migration import mapped_by
from interlock.machines.misnamed import Known, misnamed
from interlock.machines.problem import Severity
from interlock.machines.program import Program
from interlock.machines.totality import unknown_targets


def left_behind(before: Locked, program: Program | LifecycleProgram | None) -> Iterator[Problem]:
    """The states of a locked machine in which runs could not go on, and why.

    ILK234: runs that may be in a state of the lock file could not go on there.
    ILK235: a machine of the lock file is gone.

    Args:
        program: the machine as it is now, with its migrations; None when it is gone.
    """
    if program is None:
        text = (
            f"{before.machine.name} is gone: its runs are held until {before.target} is back, or "
            "the module is named that it has moved to"
        )
        yield Problem("ILK235", "error", "", text, before.line)
        return
    old, new = before.machine, program.machine
    if before.hash == new.hash:
        return
    path = program.migrations.path(before.hash, before.machine.version, new)
    states = mapped_by(path)
    changes = any(migration.change is not None for migration in path)
    told = set[str]()
    for state, held in anywhere(old):
        moved = held.moved(states)
        verdict = judge(old, new, _given(new, moved) if changes else moved)
        if isinstance(verdict, GoesOn) or (changes and isinstance(verdict, TypeChanged)):
            continue
        told.add(state)
        line = new.places[state].line if state in new.places else 0
        yield Problem("ILK234", "error", state, _told(before, new, state, verdict, states), line)
    yield from _not_undone(before, new, states, told)


def _not_undone(
    before: Locked, new: Machine, states: Mapping[str, str], told: Container[str]
) -> Iterator[Problem]:
    """The calls that runs may have made, and that could not be undone any more."""
    for node in before.machine.places.values():
        if not node.compensated or node.id in told:
            continue
        held = Held(undo=(Done(node.waits_for, node.id, node.id),)).moved(states)
        verdict = judge(before.machine, new, held)
        if not isinstance(verdict, GoesOn):
            line = new.places[node.id].line if node.id in new.places else 0
            why, author = "; ".join(verdict.reasons), author_name(new)
            write = migration(author, before.hash, *needed(verdict), verdict.reasons)
            text = f"runs that have done {node.id!r} could not undo it: {why}; write {write}"
            yield Problem("ILK234", "error", node.id, text, line)


def named_wrong(
    before: Iterable[Locked], program: Program | LifecycleProgram | None
) -> Iterator[Problem]:
    """What migrations name that is neither in the lock file nor in the code.

    ILK290: a migration names a definition or a state that there is not.

    Args:
        before: what is locked of the machine, but for what is still in the code.
        program: the machine as it is now, with its migrations; None when it is gone.
    """
    if program is None or not program.migrations:
        return
    for wrong in unknown_targets(program.machine, program.migrations):
        yield Problem("ILK290", "error", "", wrong, program.machine.line)
    known = [Known(one.machine, one.hash) for one in before]
    for one in misnamed(program.machine, program.migrations, known):
        if one.near:  # else it may be of a definition from before the lock file
            severity: Severity = "error" if one.certain else "warning"
            yield Problem("ILK290", severity, "", one.text, program.machine.line)


def _given(new: Machine, held: Held) -> Held:
    """With every variable that the new definition wants: a migration's function gives them."""

    def with_all(thread: ThreadAt) -> ThreadAt:
        around = levels(new, thread.root, thread.state)
        names = {prefix + name for prefix, node in around for name in node.variables}
        return msgspec.structs.replace(thread, variables=thread.variables | names)

    return msgspec.structs.replace(held, threads=tuple(map(with_all, held.threads)))


def _told(
    before: Locked, new: Machine, state: str, verdict: Verdict, states: Mapping[str, str]
) -> str:
    why = "; ".join(reason.removeprefix(f"in {state!r}, ") for reason in verdict.reasons)
    if state in states:
        return f"runs in {state!r} cannot go on in {states[state]!r}: {why}; mend the migration"
    write = migration(author_name(new), before.hash, *needed(verdict), verdict.reasons)
    return f"runs in {state!r} cannot go on: {why}; write {write}"
