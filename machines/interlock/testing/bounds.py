"""What the constraints of a field allow: `Field(ge=1, le=3)`, `max_length=20`, `pattern="…"`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor
from typing import Any

from pydantic.fields import FieldInfo

_FAR = 2**63 - 1
_MUCH = Decimal(10) ** 9


@dataclass(slots=True)
class Bounds:
    """Constraints, as far as they are known; None for none.

    Attributes:
        least, above, most, below: of numbers and instants: `ge`, `gt`, `le`, `lt`.
        multiple: `multiple_of`.
        shortest, longest: of texts and collections.
        pattern: that is found in a text.
        places, digits: of a Decimal.
    """

    least: Any = None
    above: Any = None
    most: Any = None
    below: Any = None
    multiple: Any = None
    shortest: int = 0
    longest: int | None = None
    pattern: str = ""
    places: int | None = None
    digits: int | None = None

    def allow(self, value: Any) -> bool:
        """Whether a value keeps within them."""
        try:
            numbers = (
                (self.least is None or value >= self.least)
                and (self.above is None or value > self.above)
                and (self.most is None or value <= self.most)
                and (self.below is None or value < self.below)
                and (self.multiple is None or value % self.multiple == 0)
            )
            return numbers and self._sizes(value)
        except (TypeError, ArithmeticError):
            return False

    def _sizes(self, value: Any) -> bool:
        if isinstance(value, Decimal):
            _, digits, exponent = value.as_tuple()
            places = max(0, -exponent) if isinstance(exponent, int) else 0
            few = self.digits is None or max(len(digits), places) <= self.digits
            return few and (self.places is None or places <= self.places)
        if not hasattr(value, "__len__"):
            return True
        fits = len(value) >= self.shortest and (self.longest is None or len(value) <= self.longest)
        return fits and (not self.pattern or re.search(self.pattern, value) is not None)

    def ints(self) -> tuple[int, int]:
        """The least and the greatest int, within 64 bits where nothing is said."""
        low = -_FAR if self.least is None else ceil(self.least)
        if self.above is not None:
            low = max(low, floor(self.above) + 1)
        high = _FAR if self.most is None else floor(self.most)
        if self.below is not None:
            high = min(high, ceil(self.below) - 1)
        return low, max(high, low) if self._open_above else high

    @property
    def _open_above(self) -> bool:
        return self.most is None and self.below is None

    def floats(self) -> tuple[float | None, float | None]:
        """The least and the greatest float; None for no limit."""
        low = [float(one) for one in (self.least, self.above) if one is not None]
        high = [float(one) for one in (self.most, self.below) if one is not None]
        return max(low, default=None), min(high, default=None)

    def decimals(self) -> tuple[Decimal, Decimal, int]:
        """The least and the greatest Decimal, and how many places are drawn: 2 or fewer."""
        low = [Decimal(str(one)) for one in (self.least, self.above) if one is not None]
        high = [Decimal(str(one)) for one in (self.most, self.below) if one is not None]
        places = 2 if self.places is None else self.places
        much = _MUCH if self.digits is None else Decimal(10) ** max(self.digits - places, 0) - 1
        least = max(low, default=-much)
        return least, min(high, default=max(much, least + much)), places


_NAMES = {
    "ge": "least", "gt": "above", "le": "most", "lt": "below", "multiple_of": "multiple",
    "min_length": "shortest", "max_length": "longest", "pattern": "pattern",
    "decimal_places": "places", "max_digits": "digits",
}  # fmt: skip


def bounds_of(notes: Iterable[Any]) -> Bounds:
    """The constraints in the notes of an `Annotated`."""
    found = Bounds()
    for note in notes:
        parts: Iterable[Any] = note.metadata if isinstance(note, FieldInfo) else (note,)
        for part in parts:
            for name, own in _NAMES.items():
                value = getattr(part, name, None)
                if value is not None:
                    setattr(found, own, getattr(value, "pattern", value))
    return found
