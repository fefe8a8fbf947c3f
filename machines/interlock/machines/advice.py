"""What to write where runs of another definition cannot go on: one text for all who say it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # only named in annotations
    from interlock.machines.compare import Verdict
    from interlock.machines.ir import Machine

_DIGITS = 8
"""Of a hash; a migration is content with six."""


def author_name(machine: Machine) -> str:
    """What a machine is called in its author's code."""
    return machine.qualname.rpartition("<locals>.")[2] or machine.name


def migration(author: str, source: str, lacking: Iterable[str] = ()) -> str:
    """The migration to be written, as its decorator.

    Args:
        author: what the machine is called in the code.
        source: hash of the definition that runs follow.
        lacking: its states that have to be mapped.
    """
    states = mapping(lacking)
    return f"@{author}.migrate(from_={source[:_DIGITS]!r}{f', {states}' if states else ''})"


def mapping(lacking: Iterable[str]) -> str:
    """The parameter that maps states, "" for none."""
    names = ", ".join(f"{state!r}: ..." for state in dict.fromkeys(lacking))
    return f"states={{{names}}}" if names else ""


def lacking_of(verdict: Verdict) -> tuple[str, ...]:
    """The states that a migration has to map before a run goes on."""
    found: tuple[str, ...] = getattr(verdict, "lacking", ())
    return found


def why_held(name: str, source: str, current: Machine, verdict: Verdict, by: Iterable[str]) -> str:
    """Why a run is held, and what to do about it.

    Args:
        name: of the machine, in the log.
        source: hash of the definition that the run follows.
        current: the definition that is imported.
        by: the migrations that were applied.
    """
    text = f"{name} was edited since this run began: {'; '.join(verdict.reasons)}"
    applied = ", ".join(by)
    if applied:
        return f"{text}; mend the migration {applied}"
    write = migration(author_name(current), source, lacking_of(verdict))
    return f"{text}; write {write}, or bring its old code back"
