"""Results that are used again, and bursts that become one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from interlock.machines.duration import Duration, duration
from interlock.machines.errors import BadDefinition


@dataclass(frozen=True, slots=True)
class Cache:
    """A step's results are kept in the store, and used by every run that asks for the same.

    Attributes:
        key: gets the step's arguments; calls of one key have one result. None: all arguments.
        ttl: how long a result may be used; None for ever.
        errors: keep errors too, for as long; only those that are raised in the workflow.
        singleflight: calls of one key at the same time, in one process, make one call.

    Raises:
        BadDefinition: `ttl` is no duration, or none at all.
    """

    key: Callable[..., object] | None = None
    ttl: Duration | None = "1 hour"
    errors: bool = False
    singleflight: bool = True

    def __post_init__(self) -> None:
        if self.ttl is not None and duration(self.ttl).total_seconds() <= 0:
            raise BadDefinition("Cache needs a ttl above zero, such as '1 hour'")


@dataclass(frozen=True, slots=True)
class Debounce:
    """Starts (or commands) of one key become one: the last, once none has come for `quiet`.

    Attributes:
        key: what belongs together, such as `f"reindex {customer}"`.
        quiet: how long none must come.

    Raises:
        BadDefinition: the key is empty or too long, or `quiet` is no duration.
    """

    key: str
    quiet: Duration = "5 seconds"

    def __post_init__(self) -> None:
        if not self.key or len(self.key) > 150 or not self.key.isprintable():
            raise BadDefinition("Debounce needs a key of 1 to 150 printable characters")
        if duration(self.quiet).total_seconds() <= 0:
            raise BadDefinition("Debounce needs a quiet time above zero, such as '5 seconds'")
