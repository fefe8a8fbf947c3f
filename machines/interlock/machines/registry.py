"""The process-wide registry: which workflow or lifecycle a name in the log means."""

from __future__ import annotations

import sys
from typing import Protocol

from interlock.machines.errors import BadDefinition


class Registered(Protocol):
    """A workflow (an object) or a lifecycle (a class).

    Attributes:
        __module__, __qualname__: where it is defined.
    """

    __module__: str
    __qualname__: str

    @property
    def name(self) -> str:
        """What it is called in the log."""
        ...


_known: dict[str, Registered] = {}


def register(kind: Registered) -> None:
    """Make `kind` known by its name.

    A definition made again (a module reloaded, a function that defines it called twice) takes
    the place of the one before.

    Raises:
        BadDefinition: another definition at the top of another module has this name; a run's log
            names its machine, so the two could not be told apart.
    """
    name = kind.name
    known = _known.get(name)
    if known is not None and known is not kind and _elsewhere(known, kind):
        text = (
            f"two machines are called {name!r}: {known.__module__}.{known.__qualname__} and "
            f"{kind.__module__}.{kind.__qualname__}; give one of them another name="
        )
        raise BadDefinition(text)
    _known[name] = kind


def find(name: str) -> Registered | None:
    """The workflow or lifecycle of this name, None when it is not imported."""
    return _known.get(name)


def all() -> dict[str, Registered]:  # noqa: A001  reads as registry.all()
    """Everything that is registered, by name."""
    return dict(_known)


def _elsewhere(known: Registered, kind: Registered) -> bool:
    """Whether the two are different definitions that both last (not those inside functions)."""
    if "<locals>" in known.__qualname__ or "<locals>" in kind.__qualname__:
        return False
    if known.__qualname__ != kind.__qualname__:
        return True
    return _file(known.__module__) != _file(kind.__module__)


def _file(module: str) -> str:
    """The file of a module: the same for `__main__` and the name it is imported by."""
    return getattr(sys.modules.get(module), "__file__", None) or module
