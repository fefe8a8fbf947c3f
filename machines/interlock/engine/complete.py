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


async def check_migrations(engine: Core) -> None:
    """Check the migrations of the machines that an engine serves.

    Raises:
        BadDefinition: one leads to a state that does not exist; or they leave out a state of a
            definition that runs in flight follow.
    """
    for program in engine.programs.served():
        if program.migrations:
            for wrong in unknown_targets(program.machine, program.migrations):
                raise BadDefinition(wrong)
            await _check(engine, program.machine, program.migrations)


async def _check(engine: Core, new: Machine, migrations: Migrations) -> None:
    entries = await engine.store.entries(Filter(machine=new.name, finished=False))
    for digest in dict.fromkeys(entry.hash for entry in entries):
        old = await engine.programs.definition(engine.store, digest)
        if old is None or digest == new.hash or not migrations.path(digest, old.version, new):
            continue
        unsafe = left_out(old, new, migrations)
        if unsafe:
            raise BadDefinition(told_left_out(old, unsafe))
