"""Instants as people say them: `2 min ago`, `in 3 days`."""

from __future__ import annotations

from datetime import datetime

_UNITS = ((86400 * 1.5, 86400, "days"), (3600 * 1.5, 3600, "h"), (90, 60, "min"), (1, 1, "s"))
"""From how many seconds on a unit is used, its length in seconds, and its name."""


def ago(at: datetime, now: datetime) -> str:
    """How far an instant is from now, in one unit: `just now`, `12 s ago`, `in 2 days`."""
    seconds = (now - at).total_seconds()
    for least, length, name in _UNITS:
        if abs(seconds) >= least:
            count = f"{abs(seconds) / length:.0f} {name}"
            return f"{count} ago" if seconds > 0 else f"in {count}"
    return "just now" if seconds >= 0 else "now"
