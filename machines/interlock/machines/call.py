"""A call that is not made yet: what a coroutine is to asyncio."""

from __future__ import annotations

from typing import Any

import msgspec


class Call(msgspec.Struct, frozen=True):
    """What compiled code makes of `charge(order)` where that is not awaited on the spot.

    Attributes:
        place: name of its place in the program's `calls`.
        args, kwargs: its input, evaluated.
    """

    place: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
