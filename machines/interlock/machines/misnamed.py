"""Names in migrations that no definition has: told, with what may be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches

from interlock.machines.errors import BadDefinition
from interlock.machines.ir import Machine
from interlock.machines.migration import SHORTEST, Migration, Migrations, names

_HASH = re.compile(rf"[0-9a-fA-F]{{{SHORTEST},16}}")
_ALIKE = 0.74
"""How much of a hash is the same where it was mistyped: six digits of eight."""


class MisnamedMigration(BadDefinition):
    """A migration names a definition or a state that there is not."""

    code = "ILK290"


@dataclass(frozen=True, slots=True)
class Known:
    """A definition that runs follow.

    Attributes:
        machine: it.
        hash: its hash, which a machine read from a lock file does not have any more.
    """

    machine: Machine
    hash: str

    @property
    def told(self) -> str:
        """Its hash, short, and what its author called it."""
        version = f" (version {self.machine.version!r})" if self.machine.version else ""
        return f"{self.hash[:8]!r}{version}"


@dataclass(frozen=True, slots=True)
class Misnamed:
    """A name in a migration that means nothing.

    Attributes:
        text: what is named, and what may be meant.
        certain: it cannot be meant. Else it may be of a definition that is not known here: one
            of which no run is left, or that ran in another database.
        near: there is a name that is much like it.
    """

    text: str
    certain: bool = False
    near: bool = True


def misnamed(new: Machine, migrations: Migrations, known: Sequence[Known]) -> Iterator[Misnamed]:
    """What migrations name as a definition, or as a state of one, and is none.

    Args:
        new: the present definition.
        known: those that runs follow.
    """
    left = [
        one
        for one in known
        if one.hash != new.hash and not migrations.path(one.hash, one.machine.version, new)
    ]
    for migration in migrations:
        of = f"the migration {migration.name} of {new.name}"
        found = [one for one in known if names(migration.source, one.hash, one.machine.version)]
        if found:
            yield from _states(of, migration, found)
        elif not any(other.target == migration.source for other in migrations):
            yield from _source(of, migration.source, known, left)
        yield from _target(of, migration, new, migrations)


def _source(
    of: str, source: str, known: Sequence[Known], left: Sequence[Known]
) -> Iterator[Misnamed]:
    meant = [one for one in left if _mistyped(source, one.hash)]
    if meant:
        text = f"{of} is from {source!r}, which no definition has"
        few = "; six digits of a hash are wanted" if len(source) < SHORTEST else ""
        yield Misnamed(f"{text}; did you mean {meant[0].told}?{few}", certain=True)
        return
    if not left:
        return  # it is of runs that are no more
    versions = {one.machine.version: one for one in left if one.machine.version}
    near = get_close_matches(source, [*versions], 1, 0.3)
    text = f"{of} is from {source!r}, which is no definition that is known here"
    there = ", ".join(one.told for one in known)
    hint = f"did you mean {near[0]!r}?" if near else f"known is {there}"
    yield Misnamed(f"{text}; {hint}", near=bool(near))


def _mistyped(source: str, digest: str) -> bool:
    """Whether a hash was meant, and most of its digits are there."""
    if len(source) < SHORTEST:
        return len(source) > 2 and digest.startswith(source)
    if not _HASH.fullmatch(source):
        return False
    same = SequenceMatcher(None, source.lower(), digest[: len(source)], autojunk=False)
    return same.ratio() >= _ALIKE


def _states(of: str, migration: Migration, found: Sequence[Known]) -> Iterator[Misnamed]:
    there = dict.fromkeys(name for one in found for name in one.machine.places)
    by_hash = all(one.hash.startswith(migration.source) for one in found)
    for state in migration.states:
        if state in there or any(name.startswith(f"{state}/") for name in there):
            continue
        near = get_close_matches(state, [*there], 1)
        text = f"{of} maps {state!r}, which is no state of {', '.join(one.told for one in found)}"
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(there)}"
        yield Misnamed(f"{text}; {hint}", by_hash, bool(near))


def _target(
    of: str, migration: Migration, new: Machine, migrations: Migrations
) -> Iterator[Misnamed]:
    """A chain that ends before the present definition: nothing is ever moved along it."""
    to = migration.target
    if not to or names(to, new.hash, new.version):
        return
    sources = [other.source for other in migrations]
    if to in sources:
        return
    near = get_close_matches(to, [*sources, new.version, new.hash[: len(to)]], 1)
    hint = f"did you mean {near[0]!r}?" if near else "leave to= out where that is meant"
    text = f"{of} leads to {to!r}, from which no migration leads to the present definition"
    yield Misnamed(f"{text}; {hint}")
