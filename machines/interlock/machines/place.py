"""Where a function stands: its file and line, for messages."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def place_of(function: Callable[..., Any]) -> tuple[str, int]:
    """File and line of a function's definition; ("?", 0) for one that Python does not know."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return "?", 0
    return code.co_filename, code.co_firstlineno
