"""What an event is: the envelope that all share, and the form of values inside it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    Encoded: TypeAlias = "bool | int | float | str | list[Encoded] | dict[str, Encoded] | None"
    """A recorded value as JSON. `interlock.store.values` says which JSON stands for which value."""

    JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
    """Plain JSON, for people and other programs."""
else:  # msgspec reads annotations at run time and knows no recursive alias
    Encoded = JSON = Any


# Values that cannot refer to themselves: `gc=False` spares the garbage collector looking at them,
# which took more than half of the time of reading a log.


class Actor(msgspec.Struct, gc=False, frozen=True):
    """Who caused an event.

    Attributes:
        kind: a person or program outside (`user`), the engine's process (`worker`), a due timer
            (`timer`) or Interlock itself (`system`).
        id: a name within that kind, such as `ann` or `host:4711`.
    """

    kind: Literal["user", "worker", "timer", "system"]
    id: str = ""


class Delta(msgspec.Struct, gc=False, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How one transition changed a run's memory: its variables and the objects they refer to.

    Attributes:
        new: objects that became known, by number.
        patch: changes inside known objects, in order; see `interlock.store.values.image`.
        set: variables that now hold another value.
        unset: variables that are gone.
        drop: objects that nothing refers to any more.
    """

    new: dict[int, Encoded] = {}
    patch: list[list[Encoded]] = []
    set: dict[str, Encoded] = {}
    unset: list[str] = []
    drop: list[int] = []


class Body(msgspec.Struct, gc=False, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of all event bodies. The class name is the event's type and the log's topic.

    A field that is not known is refused when it is read, not passed over: a newer program wrote it,
    because it means something.
    """


class Stored(msgspec.Struct, gc=False, frozen=True):
    """What is stored of an event that was read in an older shape: its type then, and its bytes."""

    type: str
    state: bytes


class Event(msgspec.Struct, gc=False, frozen=True):
    """One immutable fact, as readers see it.

    Attributes:
        stream: id of the run (or other stream) it belongs to.
        version: position in its stream, from 1.
        type: name of the body's class, such as `StepSucceeded`.
        id: UUIDv7 as text.
        at: when it was recorded, UTC; never decreasing within a stream.
        machine: name of the machine that decided it.
        hash: hash of that machine's definition.
        state: name of the state the stream is in after this event.
        actor: who caused it.
        cause: id of the command that led to it, or "".
        correlation: id shared by everything that one outside request led to.
        prev: digest of the event before it in the stream ("" for the first).
        body: what happened.
        position: place in the whole log, from 1; 0 while not stored.
        digest: digest of this event; the next one's `prev`.
        reason: why they did it, as who asked for it said; "" where nobody did.
        stored: what stands in the log, where that is of an older shape.
        cipher: id of the key that it is encrypted with in its store, "" for none.
    """

    stream: str
    version: int
    type: str
    id: str
    at: datetime
    machine: str
    hash: str
    state: str
    actor: Actor
    cause: str
    correlation: str
    prev: str
    body: Body
    position: int = 0
    digest: str = ""
    reason: str = ""
    stored: Stored | None = None
    cipher: str = ""
