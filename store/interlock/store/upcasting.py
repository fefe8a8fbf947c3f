"""Events of older shapes: what brings each type of event from one schema to the next.

A type of event is at schema 1 until it changes in a way that a default cannot tell: a field that is
renamed, or split, or must be there. Then an upcaster for its former schema is added to `UPCASTERS`
and the struct in the vocabulary becomes the new one; `tests/histories` keeps the old rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

FIRST = 1
"""The schema of a type that never changed."""


class Upcaster(NamedTuple):
    """Brings the body of an event to the next schema; pure.

    Attributes:
        type: the event's type as stored.
        schema: the one that it takes.
        change: given the body as plain JSON, which it may alter, returns that of the next schema.
        to: the type that it is then, "" for the same.
    """

    type: str
    schema: int
    change: Callable[[dict[str, Any]], dict[str, Any]]
    to: str = ""


class Shapes:
    """The schemas of all types of events, and the ways from the older ones.

    Args:
        upcasters: at most one from each schema of a type; each leads to the schema after it.
    """

    def __init__(self, upcasters: Iterable[Upcaster]) -> None:
        self._steps: Mapping[tuple[str, int], Upcaster] = {(u.type, u.schema): u for u in upcasters}
        self._present: dict[str, int] = {}
        for step in self._steps.values():
            known = self._present.get(step.to or step.type, FIRST)
            self._present[step.to or step.type] = max(known, step.schema + 1)

    def present(self, type: str) -> int:  # noqa: A002  as in the log
        """The schema that events of a type are written with."""
        return self._present.get(type, FIRST)

    def newest(self, type: str) -> int:  # noqa: A002  the same
        """The newest schema of a type that can be read; 0 when it cannot be read at all."""
        ends = [schema + 1 for name, schema in self._steps if name == type]
        return max([self._present.get(type, 0), *ends])

    def bring(self, type: str, schema: int, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:  # noqa: A002  the same
        """Type and body of the present shape."""
        at = (type, schema)
        while (step := self._steps.get(at)) is not None:
            at, body = (step.to or at[0], at[1] + 1), step.change(body)
        return at[0], body


UPCASTERS: tuple[Upcaster, ...] = ()
"""Nothing that was ever released has changed so far: all that came were fields with defaults."""

SHAPES = Shapes(UPCASTERS)
