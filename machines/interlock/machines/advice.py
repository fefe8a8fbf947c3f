"""What to write where runs of another definition cannot go on: one text for all who say it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # only named in annotations
    from interlock.machines.compare import Verdict
    from interlock.machines.ir import Machine

GONE = "which is gone"
NO_DEFAULT = "which has no default"
OTHER_FIELDS = "other fields"
UNKNOWN = "which the new program does not know"
"""What reasons say of classes that have changed: an upcaster answers for these as well."""

UNDO_OF = "the undo of "
"""How reasons begin that are about the input of undos: it is in the past, and stays what it is."""

RECORDED = "what run "
"""How reasons begin that are about what another run recorded, for a fork of it to be given."""

_UNREADABLE = ("ILK230", "ILK231")

_DIGITS = 8
"""Of a hash; a migration is content with six."""


def author_name(machine: Machine) -> str:
    """What a machine is called in its author's code."""
    return machine.qualname.rpartition("<locals>.")[2] or machine.name


def migration(
    author: str,
    source: str,
    lacking: Iterable[str] = (),
    wanted: Iterable[str] = (),
    reasons: Iterable[str] = (),
) -> str:
    """The migration to be written: its decorator, and what its function has to give.

    Args:
        author: what the machine is called in the code.
        source: hash of the definition that runs follow.
        lacking: its states that have to be mapped.
        wanted: variables that the new code reads, and the old code did not keep.
        reasons: what is in the way.
    """
    reasons = tuple(reasons)
    if is_past(reasons):
        return "an @upcast of the class, or renamed(..., was=...) if it only got another name"
    states = mapping(lacking)
    write = f"@{author}.migrate(from_={source[:_DIGITS]!r}{f', {states}' if states else ''})"
    given = ", ".join(repr(name) for name in dict.fromkeys(wanted))
    if given:
        return f"{write} on a function that gives {given}"
    if any(UNKNOWN in reason for reason in reasons):
        return f"{write} or renamed(..., was=...) if a class only got another name"
    changed = any(said in reason for reason in reasons for said in (GONE, NO_DEFAULT, OTHER_FIELDS))
    return f"{write} or an @upcast of the class" if changed else write


def unreadable(reasons: Iterable[str]) -> bool:
    """Whether a value is of a newer program, or its upcaster fails: no migration helps then."""
    return any(code in reason for reason in reasons for code in _UNREADABLE)


def is_past(reasons: Iterable[str]) -> bool:
    """Whether all that is in the way is for undos, or another run's: no migration changes that."""
    told = [*reasons]
    return bool(told) and all(reason.startswith((UNDO_OF, RECORDED)) for reason in told)


def a(name: str) -> str:
    """`an Order`, `a Line`."""
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"


def mapping(lacking: Iterable[str]) -> str:
    """The parameter that maps states, "" for none."""
    names = ", ".join(f"{state!r}: ..." for state in dict.fromkeys(lacking))
    return f"states={{{names}}}" if names else ""


def needed(verdict: Verdict) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The states that a migration has to map, and the variables that it has to give."""
    found: tuple[str, ...] = getattr(verdict, "lacking", ())
    wanted: tuple[str, ...] = getattr(verdict, "wanted", ())
    return found, wanted


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
    if applied and not is_past(verdict.reasons):
        return f"{text}; mend the migration {applied}"
    if unreadable(verdict.reasons):
        return text
    write = migration(author_name(current), source, *needed(verdict), verdict.reasons)
    return f"{text}; write {write}, or bring its old code back"
