"""The process-wide registry: which workflow or lifecycle a name in the log means."""

from __future__ import annotations

import sys
from typing import Protocol

from interlock.machines.place import bad_definition


class Registered(Protocol):
    """A workflow (an object) or a lifecycle (a class).

    Its `__module__` and `__qualname__` say where it is defined.
    """

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
            f"two machines are called {name!r}: {'.'.join(_place(known))} and "
            f"{'.'.join(_place(kind))}; give one of them another name="
        )
        raise bad_definition(text)
    _known[name] = kind


def find(name: str) -> Registered | None:
    """The workflow or lifecycle of this name, None when it is not imported."""
    return _known.get(name)


def all() -> dict[str, Registered]:  # noqa: A001  reads as registry.all()
    """Everything that is registered, by name."""
    return dict(_known)


def _elsewhere(known: Registered, kind: Registered) -> bool:
    """Whether the two are different definitions that both last (not those inside functions)."""
    (module, qualname), (other_module, other) = _place(known), _place(kind)
    if "<locals>" in qualname or "<locals>" in other:
        return False
    return qualname != other or _file(module) != _file(other_module)


def _place(kind: object) -> tuple[str, str]:
    return str(kind.__module__), str(getattr(kind, "__qualname__", "?"))


def _file(module: str) -> str:
    """The file of a module: the same for `__main__` and the name it is imported by."""
    return getattr(sys.modules.get(module), "__file__", None) or module
