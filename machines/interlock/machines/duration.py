"""Durations: `timedelta`, or text such as "30 seconds", "1 day 12 hours", "2d"."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TypeAlias

from interlock.machines.errors import BadDefinition

Duration: TypeAlias = timedelta | str
"""What every `timeout=` and `sleep` takes. Never a bare number: its unit would be a guess."""

_UNITS = {
    "ms": "milliseconds", "millisecond": "milliseconds",
    "s": "seconds", "sec": "seconds", "second": "seconds",
    "m": "minutes", "min": "minutes", "minute": "minutes",
    "h": "hours", "hr": "hours", "hour": "hours",
    "d": "days", "day": "days",
    "w": "weeks", "week": "weeks",
}  # fmt: skip
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)[\s,]*(?:and\s+)?")


def duration(value: Duration) -> timedelta:
    """The `timedelta` that `value` means.

    Raises:
        BadDefinition: for a bare number, a unit that is not known, or no text at all.
    """
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped callers
        text = f"{value!r} is not a duration; write timedelta(...) or text such as '30 seconds'"
        raise BadDefinition(text)
    total, end, text = timedelta(), 0, value.strip().lower()
    for part in _PART.finditer(text):
        unit = _UNITS.get(part[2]) or _UNITS.get(part[2].removesuffix("s"))
        if part.start() != end or unit is None:
            break
        total += timedelta(**{unit: float(part[1])})
        end = part.end()
    if not text or end != len(text):
        message = (
            f"{value!r} is not a duration; write text such as '30 seconds', '2 days', '1h 30m'"
        )
        raise BadDefinition(message)
    return total
