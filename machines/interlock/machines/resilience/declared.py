"""Breakers, rate limits and bulkheads are declared once, and found by their names."""

from __future__ import annotations

import sys
from typing import Protocol, TypeVar

from interlock.machines.errors import BadDefinition


class Named(Protocol):
    """Something that was declared under a name."""

    @property
    def name(self) -> str:
        """What steps and people call it."""
        ...


N = TypeVar("N", bound=Named)

_declared: dict[tuple[type, str], tuple[Named, str]] = {}


def declare(made: Named) -> None:
    """Make a declaration known by its name.

    One made again in the same module takes the place of the one before.

    Raises:
        BadDefinition: the name is no name, or another module declared it with other values.
    """
    name, kind = made.name, type(made)
    if not name or not name.isprintable() or len(name) > 100:
        message = f"{kind.__name__}({name!r}): a name is 1 to 100 printable characters"
        raise BadDefinition(message)
    known = _declared.get((kind, name))
    if known is not None and known[0] == made:
        return
    module = _author()
    if known is not None and known[1] != module:
        message = (
            f"{kind.__name__} {name!r} is declared in {known[1]} and, with other values, in "
            f"{module}; declare it once and import it"
        )
        raise BadDefinition(message)
    _declared[kind, name] = made, module


def find(kind: type[N], wanted: str | N) -> N:
    """The declaration that a name means; a declaration means itself.

    Raises:
        BadDefinition: nothing of this kind was declared under this name.
    """
    if not isinstance(wanted, str):
        return wanted
    known = _declared.get((kind, wanted))
    if known is None:
        names = ", ".join(sorted(n for k, n in _declared if k is kind)) or "none"
        message = (
            f"no {kind.__name__} is called {wanted!r} (known: {names}); declare it in a module "
            f"that is imported: {kind.__name__}({wanted!r}, …)"
        )
        raise BadDefinition(message)
    assert isinstance(known[0], kind)
    return known[0]


def names(kind: type[Named]) -> list[str]:
    """The names declared of one kind, in order."""
    return sorted(name for known, name in _declared if known is kind)


def _author() -> str:
    """The module whose code makes the declaration."""
    frame = sys._getframe()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # no other way
    while frame.f_back is not None:
        frame = frame.f_back
        module = str(frame.f_globals.get("__name__", "?"))
        if not module.startswith("interlock.machines.resilience"):
            return module
    return "?"
