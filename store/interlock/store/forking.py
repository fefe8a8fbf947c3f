"""The vocabulary of forks: runs that begin at an instant of another run's history."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from interlock.store.event import JSON, Body, Delta, Encoded
from interlock.store.failure import Failure

Effects = Literal["recorded", "live", "ask"]
"""What becomes of a fork's calls: answered by the parent's record, really made, or asked about."""

Answer = Literal["recorded", "live", "value", "error"]
"""What a person says to a call that a fork asks about."""


class Change(msgspec.Struct, frozen=True):
    """A variable that was changed when a fork was made.

    Attributes:
        path: such as `order.total`.
        before, after: its value, as plain JSON.
    """

    path: str
    before: JSON
    after: JSON


class RunForked(Body, frozen=True):
    """The events before this one are another run's; from here on it is a run of its own.

    Attributes:
        parent: the run that was forked.
        version: of the parent's event that was asked for.
        effects: what becomes of its calls.
        since: instant of the last event that was taken over.
        changes: variables that were changed, for readers; `memory` is what it means.
        waiting, waiting_activity: the run that waits for this one, and where: of a child that was
            forked with the run that waits for it.
    """

    parent: str
    version: int
    effects: Effects
    since: datetime
    changes: list[Change] = []
    memory: Delta | None = None
    waiting: str = ""
    waiting_activity: str = ""


class ForkMade(Body, frozen=True):
    """A fork of this run was made at one of its events; nothing else happened to this run.

    Attributes:
        fork: id of the new run.
        version: of this run's event that was asked for.
        effects: what becomes of the fork's calls.
        changes: paths of the variables that were changed in it.
    """

    fork: str
    version: int
    effects: Effects
    changes: list[str] = []


class OutcomeReplayed(Body, frozen=True):
    """What follows is as another run recorded it: nobody was asked, and nothing was called.

    Attributes:
        run, version: the event that recorded it.
        activity: what it is the outcome of, "" for a command.
        refused: why it could not be replayed here, "" where it was.
    """

    run: str
    version: int
    activity: str = ""
    refused: str = ""


FOLLOW = "fork"
"""The timer that wakes a fork which has not been given everything yet, also after a restart. It
follows from no event: an open fork may have it or not."""


class ForkCaughtUp(Body, frozen=True):
    """A fork was given what its parent had recorded, as far as that fitted; then it asks."""


class CallAsked(Body, frozen=True):
    """A fork would make this call, and waits for a person to say what is to become of it."""

    activity: str
    reason: str


class CallAnswered(Body, frozen=True):
    """A person said what becomes of a call that a fork asked about.

    Attributes:
        how: the recorded outcome, a live call, or this `result` or `error` (in one piece each).
        undoable, irreversible: see `StepSucceeded`.
        reason: why, in their words.
        client: said through a process that makes no calls itself.
    """

    activity: str
    how: Answer
    result: Encoded = None
    error: Failure | None = None
    undoable: bool = False
    irreversible: str = ""
    reason: str = ""
    client: bool = False
