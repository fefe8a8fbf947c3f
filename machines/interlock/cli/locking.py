"""`lock`: the file that says what was released, and what is different now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from interlock.cli.errors import BadArgument
from interlock.cli.render import Screen, Styled, print_document
from interlock.cli.target import import_module, machine_of, machines_in
from interlock.machines import registry
from interlock.machines.lock import Change, Lock, changes, lock_text, locked, read_lock

_STYLES = {"new": "green", "gone": "red", "changed": "yellow"}
_MARKS = {"new": "+", "gone": "-", "changed": "~"}


def lock(file: Path, modules: Sequence[str], *, check: bool, as_json: bool) -> bool:
    """Write the lock file, or compare it with the code. False when it is out of date."""
    before = load_lock(file)
    names = tuple(dict.fromkeys([*modules] or [one.module for one in before.values()]))
    if not names:
        message = f"there is no {file} yet; name the modules: interlock lock MODULE ..."
        raise BadArgument(message)
    after = {n: one for n, one in before.items() if one.module not in names} | machines(names)
    found = changes(before, after)
    up_to_date = not found and file.exists()
    if not check and not up_to_date:
        file.write_text(lock_text(after), encoding="utf-8")
    if as_json:
        print_document(
            {
                "file": str(file),
                "up_to_date": up_to_date,
                "written": not check and not up_to_date,
                "machines": {name: one.hash for name, one in sorted(after.items())},
                "changes": [_view(change) for change in found],
            }
        )
    else:
        _print(Screen(), file, found, after, up_to_date=up_to_date, check=check)
    return up_to_date or not check


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


def machines(modules: Sequence[str]) -> Lock:
    """The machines that modules define, as they are now.

    Raises:
        BadDefinition: two of them have the same name.
        BadTarget, ImportFailed, CompileError: they cannot be had.
    """
    found: Lock = {}
    kinds: dict[str, object] = {}
    for module in modules:
        for attribute, kind in machines_in(import_module(module)).items():
            machine = machine_of(kind)
            known = kinds.setdefault(machine.name, kind)
            if known is not kind:
                raise registry.clash(known, kind)  # type: ignore[arg-type]  # both are machines
            if machine.name not in found:
                found[machine.name] = locked(f"{module}:{attribute}", machine)
    return found


def _view(change: Change) -> dict[str, str]:
    return {
        "machine": change.machine, "how": change.how, "what": change.what,
        "before": change.before, "after": change.after,
    }  # fmt: skip


def _print(
    screen: Screen,
    file: Path,
    found: Sequence[Change],
    after: Lock,
    *,
    up_to_date: bool,
    check: bool,
) -> None:
    machine = ""
    for change in found:
        if change.machine != machine:
            machine = change.machine
            screen.line(Styled(machine, "bold"))
        told = _told(change)
        screen.line(Styled(f"  {_MARKS[change.how]} {change.what}", _STYLES[change.how]), told)
    many = f"{len(after)} machine{'' if len(after) == 1 else 's'}"
    if up_to_date:
        screen.line(Styled(f"{file} is up to date, {many}", "green"))
    elif check:
        screen.line(Styled(f"{file} is out of date: run interlock lock", "bold red"))
    else:
        screen.line(f"wrote {file}, {many}")


def _told(change: Change) -> str:
    if change.how == "changed":
        return f"{change.before or 'nothing'} → {change.after or 'nothing'}"
    return change.after if change.how == "new" else ""
