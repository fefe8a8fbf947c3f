"""Where something stands in the author's files, for messages."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from interlock.machines.duration import Duration, duration
from interlock.machines.errors import BadDefinition


def place_of(function: Callable[..., Any]) -> tuple[str, int]:
    """File and line of a function's definition; ("?", 0) for one that Python does not know."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return "?", 0
    return code.co_filename, code.co_firstlineno


def bad_definition(what: str) -> BadDefinition:
    """The error for something that an author's module just called, with the line of that call."""
    frame = sys._getframe(1)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # no other way
    while frame.f_back is not None and _is_ours(str(frame.f_globals.get("__name__", ""))):
        frame = frame.f_back
    return BadDefinition(what, frame.f_code.co_filename, frame.f_lineno)


def _is_ours(module: str) -> bool:
    return module.startswith("interlock.machines.") or module in ("dataclasses", "contextlib")


def declared_duration(value: Duration) -> timedelta:
    """The `timedelta` that a declaration means.

    Raises:
        BadDefinition: it means none; with the line of the declaration.
    """
    try:
        return duration(value)
    except BadDefinition as error:
        raise bad_definition(error.message) from None
