"""What is checked of migrations when an engine opens: they answer for all runs in flight."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING

from interlock.machines.errors import BadDefinition
from interlock.machines.misnamed import Known, Misnamed, MisnamedMigration, misnamed
from interlock.machines.totality import left_out, told_left_out, unknown_targets
from interlock.store.contract import Filter, Store

if TYPE_CHECKING:
    from interlock.engine.core import Core
    from interlock.engine.programs import Programs
    from interlock.machines.ir import Machine
    from interlock.machines.lifecycle_program import LifecycleProgram
    from interlock.machines.program import Program

log = logging.getLogger("interlock.engine")


async def check_migrations(engine: Core) -> None:
    """Check the migrations of the machines that an engine serves.

    Raises:
        BadDefinition: see `checked_migrations`.
    """
    for doubt in await checked_migrations(engine.store, engine.programs):
        if doubt.near:
            log.warning("%s", doubt.text)


async def checked_migrations(store: Store, programs: Programs) -> list[Misnamed]:
    """Check the migrations of the machines served, for an engine and for who asks before it.

    Returns:
        what they name that is not known here, and may be meant.

    Raises:
        MisnamedMigration: one names a definition or a state that there cannot be.
        BadDefinition: one leads to a state that does not exist; or they leave out a state of a
            definition that runs in flight follow.
    """
    served = programs.served()
    for program in served:
        for wrong in unknown_targets(program.machine, program.migrations):
            raise BadDefinition(wrong)
    doubts: list[Misnamed] = []
    for program in served:
        doubts += await _checked(store, programs, program)
    return doubts


async def refused(store: Store, programs: Programs, program: Program | LifecycleProgram) -> str:
    """Why no engine of this store opens with a program's migrations; "" where one does."""
    try:
        for wrong in unknown_targets(program.machine, program.migrations):
            return wrong
        await _checked(store, programs, program)
    except BadDefinition as error:
        return error.message
    return ""


async def _checked(
    store: Store, programs: Programs, program: Program | LifecycleProgram
) -> list[Misnamed]:
    if not program.migrations:
        return []
    known = [one async for one in _known(store, programs, program.machine.name)]
    doubts = [*_named_well(program, known)]
    _check(program, known, doubts)
    return doubts


def _named_well(program: Program | LifecycleProgram, known: Iterable[Known]) -> Iterable[Misnamed]:
    for one in misnamed(program.machine, program.migrations, [*known]):
        if one.certain:
            raise MisnamedMigration(one.text)
        yield one


async def _known(store: Store, programs: Programs, machine: str) -> AsyncIterator[Known]:
    """The definitions that runs in flight follow."""
    entries = await store.entries(Filter(machine=machine, finished=False))
    for digest in dict.fromkeys(entry.hash for entry in entries):
        old = await programs.definition(store, digest)
        if old is not None:
            yield Known(old, digest)


def _check(
    program: Program | LifecycleProgram, known: Iterable[Known], doubts: Iterable[Misnamed]
) -> None:
    new: Machine = program.machine
    for one in known:
        path = program.migrations.path(one.hash, one.machine.version, new)
        if one.hash == new.hash or not path:
            continue
        unsafe = left_out(one.machine, new, program.migrations)
        if unsafe:
            slips = [doubt.text for doubt in doubts if doubt.near]
            raise BadDefinition(
                "; ".join([told_left_out(one.machine, unsafe, program.migrations, new), *slips])
            )
