"""Reading a lock file: whatever is wrong with it is told with its line."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import msgspec

from interlock.machines.errors import BadLock
from interlock.machines.lock.contents import Lock, Locked, digest_of, machine_from
from interlock.machines.lock.writing import FORMAT, header

_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})( |$)")


def read_lock(text: str, file: str = "interlock.lock") -> Lock:
    """The machines of a lock file.

    Raises:
        BadLock: it is no lock file, holds a conflict of a merge, was edited by hand, or is of a
            newer Interlock; says where.
    """
    lines = text.split("\n")  # a text may hold other breaks
    for number, line in enumerate(lines, 1):
        if _CONFLICT.match(line):
            what = "a conflict of a merge; take either side whole, then run `interlock lock`"
            raise BadLock(file, number, what)
    found = _toml(text, file)
    form = found.pop("interlock", None)
    if type(form) is not int or set(found) - {"machine", "kept"}:
        raise BadLock(file, 1, "it is no lock file; delete it, and run `interlock lock`")
    if form > FORMAT:
        what = f"it has form {form}, of a newer Interlock, and this one reads {FORMAT}; upgrade"
        raise BadLock(file, _line(lines, "interlock ="), what)
    tables: dict[str, Any] = found.get("machine", {})
    kept: dict[str, Any] = found.get("kept", {})
    if any(type(one) is not dict for one in (tables, kept, *kept.values())):
        raise BadLock(file, 1, "it is no lock file; delete it, and run `interlock lock`")
    read = [_machine(("machine", name), one, lines, file) for name, one in tables.items()]
    for name, hashes in kept.items():
        read += [_machine(("kept", name, one), hashes[one], lines, file) for one in hashes]
    return {one.key: one for one in read}


def _toml(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = int(at[1]) if at else text.count("\n")
        what = str(error).partition(" (at ")[0]
        message = f"it cannot be read: {what}; take it from version control again"
        raise BadLock(file, line, message) from error


def _machine(where: tuple[str, ...], found: Any, lines: list[str], file: str) -> Locked:
    line, name = _line(lines, header(*where)), where[1]
    try:
        one = machine_from(name, found)
        edited = found["digest"] != digest_of(name, found)
    except (msgspec.ValidationError, KeyError, TypeError, AttributeError) as error:
        what = f"{name} cannot be read: {error}; take it from version control again"
        raise BadLock(file, line, what) from error
    if edited:
        line = next((n for n in range(line, len(lines)) if lines[n - 1][:6] == "digest"), line)
        what = (
            f"{name} was edited by hand, or merged line by line: its digest is another; take the "
            "file from version control again, then run `interlock lock`"
        )
        raise BadLock(file, line, what)
    return msgspec.structs.replace(one, line=line, kept=where[0] == "kept")


def _line(lines: list[str], beginning: str) -> int:
    found = (number for number, line in enumerate(lines, 1) if line.startswith(beginning))
    return next(found, 1)
