"""The vocabulary of streams that no single run owns: breakers, limiters, caches."""

from __future__ import annotations

from datetime import datetime

from interlock.store.event import Body, Encoded


class SharedMoved(Body, frozen=True):
    """A machine that runs share took a transition.

    Each of these events says all that is known after it, so that the last one is enough.

    Attributes:
        transition: id of the machine's edge.
        source: state it left.
        since: when it entered the state that it is in now.
        command: type of the command that moved it.
        value: the command, as plain JSON.
        data: the machine's data after it, as plain JSON.
    """

    transition: str
    source: str
    since: datetime
    command: str
    value: Encoded = None
    data: Encoded = None
