"""The text of a lock file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from interlock.machines.lock.contents import TABLES, Lock, digest_of, section
from interlock.store.values.atom import class_of

FORMAT = 1
"""Version of the file's form."""

HEAD = """\
# Every machine as it was released: what runs in flight may be at, and what they may hold.
# Written by `interlock lock`; commit it, and review its diff. Do not edit it by hand.
"""


def lock_text(lock: Lock) -> str:
    """The file, machines in order of their names; `read_lock` reads it back."""
    lines = [HEAD + f"interlock = {FORMAT}"]
    for one in sorted(lock.values(), key=lambda one: (one.kept, one.key)):
        name = one.machine.name
        where = ("kept", name, one.hash) if one.kept else ("machine", name)
        lines += ["", *_section(where, section(one))]
    return "\n".join(lines) + "\n"


def header(*names: str) -> str:
    """The line that begins a table."""
    return f"[{'.'.join(map(_key, names))}]"


def _section(where: tuple[str, ...], found: dict[str, Any]) -> Iterator[str]:
    yield header(*where)
    yield from _lines({k: v for k, v in found.items() if not isinstance(v, dict)})
    yield f'digest = "{digest_of(where[1], found)}"'
    for part in TABLES.values():
        if found[part]:
            yield ""
            yield header(*where, part)
            yield from _lines(found[part])


def _lines(found: dict[str, Any]) -> Iterator[str]:
    return (f"{_key(key)} = {_value(value)}" for key, value in found.items())


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    kind = class_of(value)
    if kind in (list, tuple):
        return f"[{', '.join(map(_value, value))}]"
    if kind is dict:
        inside = ", ".join(_lines(value))
        return f"{{ {inside} }}" if inside else "{}"
    return json.dumps(value)


def _text(text: str) -> str:
    """A basic string: what JSON escapes, and the one control character that JSON does not."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
