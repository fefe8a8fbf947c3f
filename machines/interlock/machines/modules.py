"""The machines that modules define, and which of several of one name is the present one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, cast

from interlock.machines import registry
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.workflow import Workflow


@dataclass(frozen=True, slots=True)
class Defined:
    """A workflow or lifecycle, and where it was found.

    Attributes:
        kind: it.
        target: `MODULE:NAME`, "" where no module was named.
    """

    kind: registry.Registered
    target: str = ""

    @property
    def name(self) -> str:
        """What it is called in the log."""
        return self.kind.name


def is_machine(value: object) -> bool:
    """Whether an object is a workflow or a lifecycle's class."""
    if isinstance(value, Workflow):
        return True
    return isinstance(value, type) and issubclass(value, Lifecycle) and value is not Lifecycle


def machines_in(module: ModuleType) -> dict[str, object]:
    """The workflows and lifecycles among a module's names."""
    return {name: value for name, value in vars(module).items() if is_machine(value)}


def defined_in(modules: Iterable[ModuleType | object]) -> dict[str, list[Defined]]:
    """What modules define, by the machine's name: the present one first, then those kept beside it.

    Of several of one name the present one is that of the module which is named first; within a
    module, its own before those that it imports.

    Args:
        modules: modules, or workflows and lifecycles.

    Raises:
        BadDefinition: a module itself defines two of one name, and neither is called so.
    """
    found: dict[str, list[Defined]] = {}
    for module in modules:
        for one in _defined(module):
            known = found.setdefault(one.name, [])
            if all(one.kind is not other.kind for other in known):
                known.append(one)
    return found


def _defined(module: ModuleType | object) -> Iterator[Defined]:
    if not isinstance(module, ModuleType):
        if is_machine(module):
            yield Defined(cast("registry.Registered", module))
        return
    ranked: dict[str, list[tuple[int, Defined]]] = {}
    for attribute, value in machines_in(module).items():
        one = Defined(cast("registry.Registered", value), f"{module.__name__}:{attribute}")
        ranked.setdefault(one.name, []).append((_rank(module, one.kind), one))
    for several in ranked.values():
        several.sort(key=lambda pair: pair[0])
        (rank, first), *others = several
        for other, one in others:
            if other == rank == _OWN and one.kind is not first.kind:
                raise registry.clash(first.kind, one.kind)
        yield from (one for _, one in several)


_CALLED_SO, _OWN, _IMPORTED = range(3)


def _rank(module: ModuleType, kind: Any) -> int:
    if kind.__module__ != module.__name__:
        return _IMPORTED
    return _CALLED_SO if kind.__qualname__ == kind.name else _OWN


def kept_beside(found: Mapping[str, Sequence[Defined]]) -> list[str]:
    """A line for each machine of which old code is kept beside the present one."""
    lines: list[str] = []
    for name, (first, *others) in found.items():
        if others:
            kept = ", ".join(_place(one) for one in others)
            lines.append(f"{name}: new runs are of {_place(first)}; kept for its runs is {kept}")
    return lines


def _place(one: Defined) -> str:
    return one.target or f"{one.kind.__module__}:{getattr(one.kind, '__qualname__', one.name)}"
