"""`lock`: the file that says what was released, and what is different now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from interlock.cli.errors import BadArgument
from interlock.cli.render import Screen, Styled, print_document
from interlock.cli.target import import_module, machines_in
from interlock.cli.verdicts import problem_view
from interlock.engine.programs import program_of
from interlock.machines import registry
from interlock.machines.check import Problem
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.lock import Change, Lock, changes, lock_text, locked, read_lock
from interlock.machines.lock.judging import left_behind
from interlock.machines.program import Program

_STYLES = {"new": "green", "gone": "red", "changed": "yellow"}
_MARKS = {"new": "+", "gone": "-", "changed": "~"}


def lock(file: Path, modules: Sequence[str], *, check: bool, accept: bool, as_json: bool) -> bool:
    """Write the lock file, or compare it with the code.

    False when it is out of date and is not to be written, or must not be.
    """
    before = load_lock(file)
    names = tuple(dict.fromkeys([*modules] or [one.module for one in before.values()]))
    if not names:
        message = f"there is no {file} yet; name the modules: interlock lock MODULE ..."
        raise BadArgument(message)
    programs = programs_in(names)
    after = {name: one for name, one in before.items() if one.module not in names}
    after |= {name: locked(target, one.machine) for name, (target, one) in programs.items()}
    problems = [
        problem
        for name, one in before.items()
        if one.module in names
        for problem in left_behind(one, programs[name][1] if name in programs else None)
    ]
    found = Comparison(file, after, changes(before, after), problems)
    write = not check and not found.up_to_date and (accept or not problems)
    if write:
        file.write_text(lock_text(after), encoding="utf-8")
    if as_json:
        print_document(_document(found, written=write))
    else:
        _print(Screen(), found, check=check, written=write)
    return write or found.up_to_date


@dataclass(frozen=True, slots=True)
class Comparison:
    """A lock file and the code as it is now.

    Attributes:
        file: the lock file.
        after: what it would say.
        changes: what is different.
        problems: what runs could not go on from.
    """

    file: Path
    after: Lock
    changes: Sequence[Change]
    problems: Sequence[Problem]

    @property
    def up_to_date(self) -> bool:
        """Whether the file says what the code says."""
        return not self.changes and self.file.exists()


def load_lock(file: Path) -> Lock:
    """What a lock file says; nothing when there is none.

    Raises:
        BadLock: it cannot be used.
        BadArgument: it cannot be read.
    """
    try:
        return read_lock(file.read_text(encoding="utf-8"), str(file))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file} cannot be read: {error}"
        raise BadArgument(message) from error


def programs_in(modules: Sequence[str]) -> dict[str, tuple[str, Program | LifecycleProgram]]:
    """The machines that modules define, by name, each with its `MODULE:NAME`.

    Raises:
        BadDefinition: two of them have the same name.
        BadTarget, ImportFailed, CompileError: they cannot be had.
    """
    found: dict[str, tuple[str, Program | LifecycleProgram]] = {}
    kinds: dict[str, object] = {}
    for module in modules:
        for attribute, kind in machines_in(import_module(module)).items():
            program = program_of(kind)
            name = program.machine.name
            known = kinds.setdefault(name, kind)
            if known is not kind:
                raise registry.clash(known, kind)  # type: ignore[arg-type]  # both are machines
            found.setdefault(name, (f"{module}:{attribute}", program))
    return found


def problems_of(file: Path, program: Program | LifecycleProgram) -> list[Problem]:
    """What the lock file has against a machine; nothing without a file that speaks of it."""
    before = load_lock(file).get(program.machine.name)
    return [] if before is None else [*left_behind(before, program)]


def _document(found: Comparison, *, written: bool) -> dict[str, object]:
    return {
        "file": str(found.file),
        "up_to_date": found.up_to_date,
        "written": written,
        "machines": {name: one.hash for name, one in sorted(found.after.items())},
        "changes": [msgspec.structs.asdict(change) for change in found.changes],
        "problems": [problem_view(problem) for problem in found.problems],
    }


def _print(screen: Screen, found: Comparison, *, check: bool, written: bool) -> None:
    machine = ""
    for change in found.changes:
        if change.machine != machine:
            machine = change.machine
            screen.line(Styled(machine, "bold"))
        mark = f"  {_MARKS[change.how]} {change.what}"
        told = _told(change)
        screen.line(Styled(mark, _STYLES[change.how]), *([told] if told else []))
    for problem in found.problems:
        screen.line(Styled(f"{problem.severity} {problem.code}:", "bold red"), problem.message)
    many = f"{len(found.after)} machine{'' if len(found.after) == 1 else 's'}"
    if found.up_to_date:
        screen.line(Styled(f"{found.file} is up to date, {many}", "green"))
    elif written:
        screen.line(f"wrote {found.file}, {many}")
    elif check and not found.problems:
        screen.line(Styled(f"{found.file} is out of date: run interlock lock", "bold red"))
    else:
        what = f"{found.file} is as it was: write the migrations, or give --accept when no run"
        screen.line(Styled(f"{what} is there any more", "bold red"))


def _told(change: Change) -> str:
    if change.how == "changed":
        return f"{change.before or 'nothing'} → {change.after or 'nothing'}"
    return change.after if change.how == "new" else ""
