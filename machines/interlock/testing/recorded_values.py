"""Values in regression tests, as they stand in the log."""

from __future__ import annotations

import builtins
from typing import Any

from interlock.engine.programs import program_of
from interlock.store.event import Encoded
from interlock.store.values import decode_whole


def recorded(kind: object, encoded: Encoded) -> Any:
    """The value that a run of this workflow or lifecycle recorded.

    Args:
        kind: the workflow, or the lifecycle's class: it knows the classes of its values.
        encoded: as `interlock test` wrote it: `{"$": "object", ...}` and the like.

    Raises:
        UnknownType: one of its classes is gone, or was renamed without an alias.
    """
    return decode_whole(program_of(kind).types, encoded)


def recorded_error(name: str, message: str) -> Exception:
    """An exception of which the log knows no more than this; of Python's own class if it is one."""
    known: object = getattr(builtins, name, None)
    if isinstance(known, type) and issubclass(known, Exception):
        return known(message)
    made: type[Exception] = type(name, (Exception,), {})
    return made(message)
