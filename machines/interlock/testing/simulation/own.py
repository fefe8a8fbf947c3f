"""The invariants that a lifecycle declares itself, asked of its simulated runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from interlock.engine.programs import program_of
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.proof.invariant import Invariant, invariants_of
from interlock.projections import RunState
from interlock.store.keystore import KeyStore
from interlock.store.values import Types
from interlock.store.vault import Vault
from interlock.testing.simulation.register import Check


def own_invariants(machines: Sequence[Any], keys: KeyStore) -> Iterator[Check]:
    """A check for each invariant of the lifecycles among these machines.

    Args:
        keys: those of the simulation, to read personal data.
    """
    for one in machines:
        program = program_of(one)
        if isinstance(program, LifecycleProgram):
            types = Types(program.types, vault=Vault(keys))
            for invariant in invariants_of(one):
                yield _check(program.machine.name, types, invariant)


def _check(machine: str, types: Types, invariant: Invariant) -> Check:
    def check(run: RunState) -> None:
        encoded = run.image.variables.get("data")
        if run.machine != machine or run.ended == "cancelled" or encoded is None:
            return
        why = invariant.broken(run.configuration, run.image.decode(types, encoded))
        if why is not None:
            raise AssertionError(why)

    check.__name__ = invariant.name
    return check
