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

NO_UNDO = " is done, and has no undo any more"
KEPT = " is kept for later, and nothing waits for it from there on"
NOT_ACCEPTED = " is kept for later, and is not accepted"
"""How reasons end that a new mapping of states alone does not remove."""

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
    given_back = code_lacking(reasons)
    if given_back and all(_is_of_code(reason) for reason in reasons):
        return given_back
    states = mapping(lacking)
    write = f"@{author}.migrate(from_={source[:_DIGITS]!r}{f', {states}' if states else ''})"
    write += _to_itself(reasons)
    given = ", ".join(repr(name) for name in dict.fromkeys(wanted))
    if given:
        write += f" on a function that gives {given}"
    if given_back:
        write += f", and {given_back}"
    if given:
        return write
    if any(UNKNOWN in reason for reason in reasons):
        return f"{write} or renamed(..., was=...) if a class only got another name"
    changed = any(said in reason for reason in reasons for said in (GONE, NO_DEFAULT, OTHER_FIELDS))
    return f"{write} or an @upcast of the class" if changed else write


def code_lacking(reasons: Iterable[str]) -> str:
    """What the code has to have again, as no migration stands for it; "" for nothing."""
    told = [*reasons]
    steps, commands = _named(told, NO_UNDO), _named(told, NOT_ACCEPTED)
    parts: list[str] = []
    if steps:
        parts.append(
            f"compensate= on {steps} again (an undo that does nothing, if nothing is to be undone)"
        )
    if commands:
        parts.append(f"a transition on {commands} again")
    return ", and ".join(parts)


def _to_itself(reasons: Iterable[str]) -> str:
    """How a state is mapped where all that is in the way is a command that was kept."""
    kept = _named(reasons, KEPT)
    return f" (to itself, to leave {kept} behind)" if kept else ""


def _is_of_code(reason: str) -> bool:
    return reason.endswith((NO_UNDO, NOT_ACCEPTED))


def _named(reasons: Iterable[str], end: str) -> str:
    """What reasons with an end are about."""
    names = (reason.removesuffix(end) for reason in reasons if reason.endswith(end))
    return " and ".join(dict.fromkeys(names))


def mend(by: Iterable[str], lacking: Iterable[str], reasons: Iterable[str]) -> str:
    """What to do where migrations were applied, and did not help.

    Args:
        by: the migrations.
        lacking: states that they have to map, too.
        reasons: what is in the way all the same.
    """
    told = [*reasons]
    given_back, states = code_lacking(told), mapping(lacking)
    if given_back and all(map(_is_of_code, told)):
        return f"write {given_back}"
    text = f"mend the migration {', '.join(by)}"
    if states:
        text += f": {states}{_to_itself(told)}"
    return f"{text}, and write {given_back}" if given_back else text


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
    applied = [*by]
    if applied and not is_past(verdict.reasons):
        return f"{text}; {mend(applied, needed(verdict)[0], verdict.reasons)}"
    if unreadable(verdict.reasons):
        return text
    write = migration(author_name(current), source, *needed(verdict), verdict.reasons)
    return f"{text}; write {write}, or bring its old code back"
