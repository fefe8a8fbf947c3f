"""The one thing that pydantic converts however strictly it is asked: a Decimal into a float."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, cast


def was_converted(value: Any, made: Any) -> bool:
    """Whether what was made of a value has a float where the value holds a Decimal."""
    if value is made:
        return False
    if isinstance(made, float):
        return isinstance(value, Decimal)
    if isinstance(made, Mapping) and isinstance(value, Mapping):
        keys = _any(cast("Iterable[Any]", value), cast("Iterable[Any]", made))
        return keys or _any(value.values(), made.values())
    if isinstance(made, (list, tuple)) and isinstance(value, (list, tuple)):
        return _any(cast("Iterable[Any]", value), cast("Iterable[Any]", made))
    if isinstance(made, (set, frozenset)):  # equal numbers have one hash: told by their kinds
        floats = any(isinstance(one, float) for one in cast("set[Any]", made))
        return floats and any(isinstance(one, Decimal) for one in value)
    return False


def _any(values: Iterable[Any], made: Iterable[Any]) -> bool:
    return any(was_converted(*pair) for pair in zip(values, made, strict=False))
