"""Replaying new code over recorded histories: what would it have done?"""

from __future__ import annotations

from collections.abc import Iterable

from interlock.engine.programs import program_of
from interlock.engine.replaying.rehearse import Rehearsal
from interlock.engine.replaying.verdict import Replayed, Spoken
from interlock.machines.ir import Machine
from interlock.projections import History
from interlock.store.contract import Definition

__all__ = ["Replayed", "Spoken", "replay"]


def replay(
    history: History, against: object, *, definitions: Iterable[Definition] = ()
) -> Replayed:
    """Run code over what a run recorded, from the start: the first thing that it does otherwise.

    Nothing is called and nothing is stored: each call, wait and decision has the outcome that was
    recorded, at the instant at which it was. Two calls are the same when they call the same step
    with equal input, in the same order; names of states do not count. Migrations are not applied:
    they move a run from where it stands, and this begins at its beginning.

    Args:
        history: of the run; see `Run.history` and `load_history`.
        against: a workflow, or a lifecycle's class.
        definitions: those that the run followed, for the lines of its source.

    Raises:
        UnknownMachine, CompileError: `against` is no machine, or cannot be compiled.
    """
    program = program_of(against)
    machines = {found.hash: Machine.from_json(found.ir) for found in definitions}
    return Rehearsal(history, program, machines).verdict()
