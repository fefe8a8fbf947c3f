"""How an exception stands in the log."""

from __future__ import annotations

from interlock.store.event import Body, Encoded


class Failure(Body, frozen=True):
    """An exception, as recorded.

    Attributes:
        type: class name, as registered.
        message: its text.
        value: the whole exception as an encoded value, when it can be rebuilt.
    """

    type: str
    message: str
    value: Encoded = None
