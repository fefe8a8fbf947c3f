"""What is checked of migrations when an engine opens: they answer for all runs in flight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.machines.errors import BadDefinition
from interlock.machines.ir import Machine
from interlock.machines.migration import Migrations
from interlock.machines.totality import left_out, told_left_out, unknown_targets
from interlock.store.contract import Filter

if TYPE_CHECKING:
    from interlock.engine.core import Core
    from interlock.engine.programs import Programs


async def check_migrations(engine: Core) -> None:
    """Check the migrations of the machines that an engine serves.

    Raises:
        BadDefinition: one leads to a state that does not exist; or they leave out a state of a
            definition that runs in flight follow.
    """
    check_targets(engine.programs)
    for program in engine.programs.served():
        if program.migrations:
            await _check(engine, program.machine, program.migrations)


def check_targets(programs: Programs) -> None:
    """Check that the migrations of the machines served lead to states that they have.

    Raises:
        BadDefinition: one does not; says which, and what there is.
    """
    for program in programs.served():
        for wrong in unknown_targets(program.machine, program.migrations):
            raise BadDefinition(wrong)


async def _check(engine: Core, new: Machine, migrations: Migrations) -> None:
    entries = await engine.store.entries(Filter(machine=new.name, finished=False))
    for digest in dict.fromkeys(entry.hash for entry in entries):
        old = await engine.programs.definition(engine.store, digest)
        if old is None or digest == new.hash or not migrations.path(digest, old.version, new):
            continue
        unsafe = left_out(old, new, migrations)
        if unsafe:
            raise BadDefinition(told_left_out(old, unsafe))
