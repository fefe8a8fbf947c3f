"""Which code of an author's runs now: a segment, a call or a predicate; one at a time."""

from __future__ import annotations

from contextvars import ContextVar

import msgspec


class Running(msgspec.Struct, kw_only=True):
    """Code that runs now.

    Attributes:
        revealed: the personal texts that it was shown, to keep them out of its errors.
    """

    revealed: list[str] = []


RUNNING: ContextVar[Running | None] = ContextVar("interlock_running", default=None)
"""What runs now. Each kind of code has a class of its own: it is asked for by that."""
