"""Effects: calls of steps that should now be made, as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from interlock.machines.step import Effect

__all__ = ["Effect", "effects"]


def effects(answer: object) -> tuple[Effect, ...]:
    """What an `entering` method returned, as a tuple: one effect, several, or None for none.

    Raises:
        TypeError: it is something else.
    """
    if answer is None:
        return ()
    if isinstance(answer, Effect):
        return (answer,)
    if isinstance(answer, list | tuple):
        items = cast("Sequence[object]", answer)
        found = tuple(item for item in items if isinstance(item, Effect))
        if len(found) == len(items):
            return found
    text = f"it returned {answer!r}; return some_step.effect(...), a list of effects, or None"
    raise TypeError(text)
