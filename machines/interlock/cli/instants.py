"""Moments as people type them: a version, an instant, `10 minutes ago`, `now`."""

from __future__ import annotations

from datetime import UTC, datetime

from interlock.cli.errors import BadArgument
from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition
from interlock.store.clock import SystemClock


def when_of(text: str, what: str) -> int | datetime:
    """A version or an instant, as people type it.

    Args:
        what: it is called in errors.

    Raises:
        BadArgument: it is neither.
    """
    text = text.strip()
    if text.isdecimal():
        return int(text)
    if text.lower() == "now":
        return SystemClock().now()
    return parse_instant(text, what, "a version such as 6, ")


def parse_instant(text: str, what: str = "--time", more: str = "") -> datetime:
    """An instant as people type it: ISO 8601, UTC when no zone is given, or `10 minutes ago`.

    Args:
        what: it is called in errors.
        more: what else could be written, for errors.

    Raises:
        BadArgument: it is neither.
    """
    if text.strip().lower().endswith(" ago"):
        try:
            return SystemClock().now() - duration(text.strip()[: -len(" ago")])
        except BadDefinition as error:
            message = f"{what} {text!r}: {error.message}"
            raise BadArgument(message) from None
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        message = (
            f"{what} {text!r} is no instant; write {more}2026-11-21T09:21:03Z or '10 minutes ago'"
        )
        raise BadArgument(message) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
