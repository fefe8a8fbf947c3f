"""Who is told of engines that open: nobody, but where a test measures what it has covered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from interlock.engine.core import Core

Listener: TypeAlias = "Callable[[Core], None]"

LISTENERS: list[Listener] = []


def opened(engine: Core) -> None:
    """Tell of an engine whose store is open, and that has appended nothing yet."""
    for listener in LISTENERS:
        listener(engine)
