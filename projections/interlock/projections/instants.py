"""Instants as people say them: `2 min ago`, `in 3 days`, `2026-11-21 09:21:03Z`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_UNITS = ((86400 * 1.5, 86400, "days"), (3600 * 1.5, 3600, "h"), (90, 60, "min"), (1, 1, "s"))
"""From how many seconds on a unit is used, its length in seconds, and its name."""


def ago(at: datetime, now: datetime) -> str:
    """How far an instant is from now, in one unit: `just now`, `12 s ago`, `in 2 days`."""
    seconds = (now - at).total_seconds()
    count = lasting(abs(seconds))
    if count:
        return f"{count} ago" if seconds > 0 else f"in {count}"
    return "just now" if seconds >= 0 else "now"


def lasting(seconds: float) -> str:
    """A length of time in one unit, "" for less than a second."""
    for least, length, name in _UNITS:
        if seconds >= least:
            return f"{seconds / length:.0f} {name}"
    return ""


def instant(at: datetime) -> str:
    """An instant for people, to the second: `2026-11-21 09:21:03Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def both(at: datetime, now: datetime) -> str:
    """How long ago (or how soon) an instant is, and the instant itself."""
    return f"{ago(at, now)} ({instant(at)})"


def since(at: datetime, now: datetime) -> str:
    """An instant, and how long ago it was: `2026-11-21 09:21:03Z (2 h ago)`."""
    return f"{instant(at)} ({ago(at, now)})"


def span(length: timedelta) -> str:
    """A length of time: `12 s`."""
    return lasting(length.total_seconds()) or "less than a second"
