"""A call that is not made yet: what a coroutine is to asyncio."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """What compiled code makes of `charge(order)` where that is not awaited on the spot.

    It may stand in a variable across an await, as a coroutine may.

    Attributes:
        place: name of its place in the program's `calls`.
        args, kwargs: its input, evaluated. The classes of a wait are not among them.
    """

    place: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict[str, Any])
