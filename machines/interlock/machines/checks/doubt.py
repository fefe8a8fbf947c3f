"""What could not be found out, so that nothing is proved."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a property may not hold though nothing is found against it.

    Attributes:
        text: what was not looked into.
    """

    text: str
