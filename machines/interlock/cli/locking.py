"""`lock`: the file that says what was released, and what is different now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from interlock.cli.errors import BadArgument, BadTarget
from interlock.cli.render import Screen, Styled, print_document
from interlock.cli.target import import_module, load_target
from interlock.cli.verdicts import problem_view
from interlock.engine.programs import program_of
from interlock.machines.check import Problem
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.lock import Change, Lock, Locked, changes, lock_text, locked, read_lock
from interlock.machines.lock.judging import left_behind, named_wrong
from interlock.machines.modules import defined_in
from interlock.machines.program import Program

_STYLES = {"new": "green", "gone": "red", "changed": "yellow"}
_MARKS = {"new": "+", "gone": "-", "changed": "~"}


def lock(file: Path, modules: Sequence[str], *, check: bool, accept: bool, as_json: bool) -> bool:
    """Write the lock file, or compare it with the code.

    False when it is out of date and is not to be written, or must not be.
    """
    before = load_lock(file)
    names = tuple(dict.fromkeys([*modules] or locked_modules(before)))
    if not names:
        message = f"there is no {file} yet; name the modules: interlock lock MODULE ..."
        raise BadArgument(message)
    programs = programs_in(names, lenient=not modules)
    after = {key: one for key, one in before.items() if one.module not in names}
    for several in programs.values():
        for number, one in enumerate(several):
            made = locked(one.target, one.program.machine, kept=number > 0)
            after[made.key] = made
    asked = [
        one
        for one in before.values()
        if one.module in names or (not one.kept and one.machine.name in programs)
    ]
    problems = [*_problems(asked, programs)]
    found = Comparison(file, after, changes(before, after), problems)
    write = not check and not found.up_to_date and (accept or not found.behind)
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
    def behind(self) -> bool:
        """Whether runs would be left behind, or a migration cannot be meant."""
        return any(problem.severity == "error" for problem in self.problems)

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


@dataclass(frozen=True, slots=True)
class Found:
    """A machine of the code, and its `MODULE:NAME`."""

    target: str
    program: Program | LifecycleProgram


def locked_modules(lock: Lock) -> list[str]:
    """The modules that a lock file names, those of the present code first."""
    return [one.module for one in sorted(lock.values(), key=lambda one: one.kept)]


def programs_in(modules: Sequence[str], *, lenient: bool = False) -> dict[str, list[Found]]:
    """The machines that modules define, by name: the present one first, then old code kept beside.

    Args:
        lenient: pass over a module that is not there.

    Raises:
        BadDefinition: two of them have the same name, and cannot be told apart.
        BadTarget, ImportFailed, CompileError: they cannot be had.
    """
    imported: list[object] = []
    for module in modules:
        try:
            imported.append(import_module(module))
        except BadTarget:
            if not lenient:
                raise
    found: dict[str, list[Found]] = {}
    for name, several in defined_in(imported).items():
        by_hash: dict[str, Found] = {}
        for one in several:
            program = program_of(one.kind)
            by_hash.setdefault(program.machine.hash, Found(one.target, program))
        found[name] = [*by_hash.values()]
    return found


def against(before: Sequence[Locked], found: Sequence[Found]) -> Iterator[Problem]:
    """What a machine of the lock file has against the code.

    Nothing where the code that its runs follow is there, if only beside the present one.

    Args:
        before: what is locked of it.
        found: the machines of this name, the present one first.
    """
    here = {one.program.machine.hash for one in found}
    gone = [one for one in before if one.hash not in here]
    program = found[0].program if found else None
    yield from named_wrong(gone, program)
    for one in gone:
        yield from left_behind(one, program)


def _problems(
    before: Sequence[Locked], programs: Mapping[str, Sequence[Found]]
) -> Iterator[Problem]:
    by_name: dict[str, list[Locked]] = {}
    for one in before:
        by_name.setdefault(one.machine.name, []).append(one)
    for name, several in by_name.items():
        yield from against(several, programs.get(name, []))


def problems_of(file: Path, target: str, apps: Sequence[str]) -> list[Problem]:
    """What the lock file has against a machine; nothing without a file that speaks of it.

    Args:
        target: `MODULE:NAME`.
        apps: modules with old code that is kept.
    """
    program = program_of(load_target(target))
    name = program.machine.name
    wanted = [one for one in load_lock(file).values() if one.machine.name == name]
    kept = [one.module for one in wanted if one.kept]
    beside = programs_in([*apps, *kept], lenient=True).get(name, [])
    found = [Found(target, program), *beside]
    return [*against(wanted, found)]


def _document(found: Comparison, *, written: bool) -> dict[str, object]:
    return {
        "file": str(found.file),
        "up_to_date": found.up_to_date,
        "written": written,
        "machines": {key: one.hash for key, one in sorted(found.after.items())},
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
        screen.paragraph(f"{problem.severity} {problem.code}: {problem.message}", "bold red", 0)
    many = f"{len(found.after)} machine{'' if len(found.after) == 1 else 's'}"
    if found.up_to_date:
        screen.line(Styled(f"{found.file} is up to date, {many}", "green"))
    elif written:
        screen.line(f"wrote {found.file}, {many}")
    elif check and not found.behind:
        screen.line(Styled(f"{found.file} is out of date: run interlock lock", "bold red"))
    else:
        what = f"{found.file} is as it was: write the migrations, or give --accept when no run"
        screen.line(Styled(f"{what} is there any more", "bold red"))


def _told(change: Change) -> str:
    if change.how == "changed":
        return f"{change.before or 'nothing'} → {change.after or 'nothing'}"
    return change.after if change.how == "new" else ""
