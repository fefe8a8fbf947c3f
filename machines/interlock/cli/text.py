"""Values and instants as text for people: one line, nothing hidden, nothing that moves a cursor."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import cast

from interlock.cli.when import ago

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def one_line(text: str) -> str:
    """`text` with line ends and control characters as escapes: it cannot drive a terminal."""
    return _CONTROL.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    return ascii(character)[1:-1]


def many(number: int, name: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def compact(value: object) -> str:
    """A plain value as JSON in one line, with the characters of every script as they are."""
    return one_line(json.dumps(value, ensure_ascii=False, default=str))


def pretty(value: object, width: int, indent: str = "") -> str:
    """A plain value as JSON: what fits into a line stands in one, the rest is indented."""
    short = compact(value)
    if len(indent) + len(short) <= width or not isinstance(value, dict | list) or not value:
        return short
    inner = indent + "  "
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value).items()
        parts = [(f"{compact(name)}: ", part) for name, part in fields]
        first, last = "{", "}"
    else:
        parts = [("", part) for part in cast("list[object]", value)]
        first, last = "[", "]"
    lines = [f"{inner}{name}{pretty(part, width - len(name) - 1, inner)}" for name, part in parts]
    body = ",\n".join(lines)
    return f"{first}\n{body}\n{indent}{last}"


def shorten(text: str, width: int) -> str:
    """At most `width` characters, the last of which says that something is missing."""
    return text if len(text) <= width else text[: width - 1] + "…"


def shorten_inside(text: str, width: int) -> str:
    """At most `width` characters: the ends, which tell names of one kind apart, are kept."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"


def hanging(text: str, width: int, indent: int) -> str:
    """`text` broken into lines of `width`; those behind the first are indented."""
    from textwrap import wrap

    room = max(width, indent + _LEAST)
    lines = wrap(text, room, subsequent_indent=" " * indent, break_on_hyphens=False,
                 drop_whitespace=True)  # fmt: skip
    return "\n".join(lines) or text


_LEAST = 20
"""Characters that a broken line has room for, however far it is indented."""


def instant(at: datetime) -> str:
    """An instant for people, to the second: `2026-11-21 09:21:03Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def moment(at: datetime) -> str:
    """An instant for people, to the millisecond: `2026-11-21 09:21:03.512Z`."""
    return f"{at.astimezone(UTC).isoformat(sep=' ', timespec='milliseconds')[:23]}Z"


def exact(at: datetime | None) -> str | None:
    """An instant for programs: ISO 8601 with `Z`, to the microsecond."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def both(at: datetime, now: datetime) -> str:
    """How long ago (or how soon) an instant is, and the instant itself."""
    return f"{ago(at, now)} ({instant(at)})"


def lasting(seconds: float) -> str:
    """How long something took: `1.4 s`, `2 min 5 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def brief(seconds: float) -> str:
    """A length of time in two units at most: `85 ms`, `1.4 s`, `7 h 12 min`, `3 d 2 h`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    for big, small, name, other in _UNITS:
        if seconds >= big:
            count, rest = int(seconds // big), int(seconds % big // small)
            return f"{count} {name} {rest} {other}" if rest else f"{count} {name}"
    raise AssertionError  # the last unit is a minute


_MINUTE = 60
_UNITS = ((86400, 3600, "d", "h"), (3600, 60, "h", "min"), (60, 1, "min", "s"))


def near_ids(wanted: str, known: list[str]) -> list[str]:
    """At most three of the known names that one could have meant, best first."""
    from difflib import get_close_matches

    folded = wanted.casefold()
    same = [run for run in known if run.casefold() == folded]
    close = get_close_matches(wanted, known, n=3, cutoff=0.7)
    parts = [run for run in known if folded in run.casefold()]
    return list(dict.fromkeys([*same, *close, *parts]))[:3]
