"""The process-wide registry: which workflow or lifecycle a name in the log means."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Protocol

from interlock.machines.errors import BadDefinition


class Registered(Protocol):
    """A workflow (an object) or a lifecycle (a class).

    Its `__module__` and `__qualname__` say where it is defined.
    """

    @property
    def name(self) -> str:
        """What it is called in the log."""
        ...


_known: dict[str, list[Registered]] = {}
_present: dict[str, Registered] = {}


def register(kind: Registered) -> None:
    """Make `kind` known by its name.

    A definition made again (a module reloaded, a function that defines it called twice) takes
    the place of the one before. Definitions of different modules may share a name, as those of two
    test modules do, as long as nobody has to tell them apart by it.
    """
    found = _known.setdefault(kind.name, [])
    found[:] = [known for known in found if known is not kind and elsewhere(known, kind)]
    found.append(kind)


def prefer(kinds: Iterable[Registered]) -> None:
    """Say which definition of its name is the present one, where several are imported.

    The others are kept for the runs that follow them.
    """
    _present.update({kind.name: kind for kind in kinds})


def present(name: str) -> Registered | None:
    """The definition that new runs of this name are of; None for none, and where it is not said."""
    found = _known.get(name, [])
    chosen = _present.get(name)
    if any(kind is chosen for kind in found):
        return chosen
    return found[0] if len(found) == 1 else None


def find(name: str) -> Registered | None:
    """The workflow or lifecycle of this name, None when it is not imported.

    Raises:
        BadDefinition: several modules have one of this name, and none is said to be the present.
    """
    found = _known.get(name, [])
    one = present(name)
    if one is None and found:
        raise clash(*found[:2])
    return one


def candidates(name: str) -> tuple[Registered, ...]:
    """Every workflow and lifecycle of this name."""
    return tuple(_known.get(name, ()))


def all() -> dict[str, Registered]:  # noqa: A001  reads as registry.all()
    """Everything that is registered, by name; of several the present one, or else the last."""
    return {name: present(name) or found[-1] for name, found in _known.items() if found}


def clash(known: Registered, kind: Registered) -> BadDefinition:
    """What is said when two definitions of one name cannot be told apart."""
    text = (
        f"two machines are called {kind.name!r}: {'.'.join(_place(known))} and "
        f"{'.'.join(_place(kind))}; give one of them another name=, or, where one is the old code "
        "of the other, say which is the present one: Engine(..., machines=[...]), or its module "
        "first on the command line"
    )
    return BadDefinition(text)


def elsewhere(known: Registered, kind: Registered) -> bool:
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
