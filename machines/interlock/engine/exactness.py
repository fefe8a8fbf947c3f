"""The one thing that pydantic converts however strictly it is asked: a Decimal into a float."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast


def was_converted(value: Any, made: Any) -> bool:
    """Whether what was made of a value has a float where the value holds a Decimal."""
    if value is made:
        return False
    if isinstance(made, float):
        return isinstance(value, Decimal)
    inside = _parts(made), _parts(value)
    return any(was_converted(*pair) for pair in zip(inside[1], inside[0], strict=False))


def _parts(value: Any) -> list[Any]:
    """What a container holds, in its order: keys and values of a dict, both."""
    parts: list[Any] = []
    if isinstance(value, dict):
        items: dict[Any, Any] = cast("Any", value)
        for pair in items.items():
            parts += pair
    elif isinstance(value, (list, tuple)):
        parts += cast("list[Any]", value)
    elif isinstance(value, (set, frozenset)):  # equal numbers have one hash, and so one place
        parts += sorted(cast("set[Any]", value), key=hash)
    return parts
