"""Errors of calls that are held back (ILK100 to ILK109)."""

from __future__ import annotations

from datetime import timedelta

from interlock.store.errors import InterlockError


class NotAdmitted(InterlockError):
    """A call was not made, because something that guards it said no.

    Attributes:
        name: of what said no.
        retry_after: how long it will go on to say no; None when that is not known.
    """

    code = "ILK100"

    def __init__(
        self, message: str, *, name: str = "", retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message)
        self.name = name
        self.retry_after = retry_after


class BreakerOpen(NotAdmitted):
    """The circuit breaker is open, and the step is declared to fail then."""

    code = "ILK101"


class RateLimited(NotAdmitted):
    """The rate limit is used up, and the step is declared to fail then."""

    code = "ILK102"


class BulkheadFull(NotAdmitted):
    """As many calls as the bulkhead lets through are under way, and no more may wait."""

    code = "ILK103"


class Superseded(InterlockError):
    """A debounced start or command that a later one took the place of.

    Attributes:
        by: id of the start (its run) or of the command that did.
    """

    code = "ILK104"

    def __init__(self, message: str, *, by: str = "") -> None:
        super().__init__(message)
        self.by = by
