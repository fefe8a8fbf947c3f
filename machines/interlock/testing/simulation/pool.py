"""Values for inputs, commands and results, drawn once per type."""

from __future__ import annotations

import inspect
import random
import typing
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

_ANY = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
"""What Hypothesis need not complain of: this is no test."""

_MANY = 24
"""How many values of a type there are to choose from."""


class Pool:
    """Some values of every type that is asked for: the same ones for every seed.

    Attributes:
        payloads: strategies to draw from instead, by type or by field.
    """

    def __init__(self, payloads: Mapping[Any, st.SearchStrategy[Any]] | None = None) -> None:
        self.payloads = payloads or {}
        self._known: dict[Any, Sequence[Any]] = {}

    def values(self, hint: Any) -> Sequence[Any]:
        """The values of an annotation; the simplest ones first.

        Raises:
            NoPayload: nothing is known of some class in it.
        """
        key = repr(hint)
        if key not in self._known:
            self._known[key] = _drawn(hint, self.payloads, key)
        return self._known[key]

    def one(self, hint: Any, draw: random.Random) -> Any:
        """One of the values."""
        return draw.choice(self.values(hint))

    def columns(self, function: Callable[..., Any]) -> list[Sequence[Any]]:
        """Values for each positional parameter of a function, as many for each."""
        hints = typing.get_type_hints(function)
        wanted = inspect.signature(function).parameters.values()
        positional = (p for p in wanted if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))
        found = [self.values(hints.get(parameter.name, Any)) for parameter in positional]
        least = min((len(values) for values in found), default=0)
        return [values[:least] for values in found]

    def result(self, function: Callable[..., Any], draw: random.Random) -> Any:
        """Something that a function might return."""
        return self.one(typing.get_type_hints(function).get("return", Any), draw)

    def error(self, kind: type[BaseException], draw: random.Random) -> BaseException:
        """An error of a class: of a text, as most are made, or else of what its type says."""
        try:
            return kind("drawn")
        except Exception:  # it takes something else
            made: BaseException = self.one(kind, draw)
            return made


def _drawn(hint: Any, payloads: Mapping[Any, st.SearchStrategy[Any]], key: str) -> Sequence[Any]:
    from interlock.testing.payloads import payload

    found: list[Any] = []

    @seeded(zlib.crc32(key.encode()))
    @settings(
        max_examples=_MANY,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=_ANY,
    )
    @given(payload(hint, payloads))
    def take(value: Any) -> None:
        found.append(value)

    take()
    return found
