"""Classes that random workflows make objects of: plain ones, and ones with code of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from reprlib import recursive_repr
from typing import Any, NamedTuple

from pydantic import BaseModel


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


@dataclass
class Line:
    """Plain: it keeps the very objects it is given."""

    held: Any
    n: Any = 0
    own: list[Any] = field(default_factory=list[Any])


class Pair(NamedTuple):
    """Plain: it cannot be changed itself."""

    held: Any
    n: Any = 0


class Model(BaseModel):
    """Plain: it keeps one object, and copies another."""

    held: Any = None
    copied: list[Any] = []

    @recursive_repr()
    def __repr__(self) -> str:
        return f"Model({self.held!r}, {self.copied!r})"


@dataclass
class Greedy:
    """It changes what it is given."""

    held: Any

    def __post_init__(self) -> None:
        bump(self.held)


@dataclass
class Odd:
    """Its methods have the names of those that only read, or only add; they do more."""

    held: Any

    def get(self, key: Any, default: Any = None) -> Any:
        bump(self.held)
        return self.held

    def items(self) -> list[Any]:
        bump(self.held)
        return [(0, self.held)]

    def append(self, item: Any) -> None:
        bump(self.held)
        bump(item)

    def setdefault(self, key: Any, default: Any) -> Any:
        bump(default)
        bump(self.held)
        return self.held


def bump(target: Any) -> Any:
    """Change what is given, if it can be changed."""
    if isinstance(target, dict):
        target["bumped"] = target.get("bumped", 0) + 1  # pyright: ignore[reportUnknownMemberType]  # any
    elif isinstance(target, list) and len(target) < 6:  # pyright: ignore[reportUnknownArgumentType]  # any
        target.append(0)  # pyright: ignore[reportUnknownMemberType]  # any
    elif isinstance(target, (Line, Model, Odd)) and not isinstance(target.held, type(target)):
        bump(target.held)
    return target  # pyright: ignore[reportUnknownVariableType]  # any


CLASSES: dict[str, Any] = {
    "Size": Size, "Line": Line, "Pair": Pair, "Model": Model, "Greedy": Greedy, "Odd": Odd,
}  # fmt: skip
