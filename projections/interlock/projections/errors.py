"""Errors of looking back (ILK020 to ILK029)."""

from __future__ import annotations

from interlock.store.errors import InterlockError


class ProjectionError(InterlockError):
    """Any failure of folding or reading history."""

    code = "ILK020"


class NoSuchVersion(ProjectionError):
    """The history has no event at or before the version or instant asked for."""

    code = "ILK021"


class EmptyHistory(ProjectionError):
    """A history without events, or with events of more than one run."""

    code = "ILK022"


class BadExport(ProjectionError):
    """Text that is not an exported history."""

    code = "ILK023"


class NoSuchVariable(ProjectionError):
    """A run has no variable of that name at that version; the message lists those it has."""

    code = "ILK024"


class NotOfThatType(ProjectionError):
    """A variable holds something else than what was asked for."""

    code = "ILK025"
