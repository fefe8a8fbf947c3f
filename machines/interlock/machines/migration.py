"""Migrations: what an author says about runs of a definition that was edited."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from interlock.machines.errors import BadDefinition
from interlock.machines.held import renamed
from interlock.machines.ir import Machine
from interlock.machines.place import place_of

Change: TypeAlias = Callable[..., Any]
"""From variables to variables: a dict or a model, and the same."""

F = TypeVar("F", bound=Change)
SHORTEST = 6
"""Digits of a hash that name a definition, at least."""


@dataclass(frozen=True)
class Where:
    """Where the variables are that a migration is given.

    Attributes:
        state: name of the state, in the definition that the run comes from.
        branch: id of the branch whose variables they are, "" for the workflow's own.
        args, kwargs: what the run was started with: for a variable that the old code did not keep.
    """

    state: str
    branch: str = ""
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Migration:
    """From one definition to another.

    Attributes:
        source: hash (or its beginning) or version of the definition that runs come from.
        target: the same of the one that they go to, "" for the present one.
        states: what states are called now, by their old names.
        change: makes the new variables, None to leave them as they are.
        name: what it is called in the log.
    """

    source: str
    target: str = ""
    states: Mapping[str, str] = field(default_factory=dict[str, str])
    change: Change | None = None
    name: str = ""

    @property
    def everywhere(self) -> bool:
        """Whether the function wants to know where it is, and so is asked for branches, too."""
        return self.change is not None and len(_parameters(self.change)) > 1


class Migrations:
    """The migrations of one machine, in the order in which they were declared."""

    def __init__(self) -> None:
        self._all: list[Migration] = []

    def __iter__(self) -> Any:
        return iter(self._all)

    def __bool__(self) -> bool:
        return bool(self._all)

    def declare(self, from_: str, to: str, states: Mapping[str, str]) -> Callable[[F], F]:
        """What `@checkout.migrate(...)` does."""
        self._check(from_, to)
        self._check_names(states)

        def decorate(change: F) -> F:
            if not callable(change) or not 1 <= len(_parameters(change)) <= 2:
                file, line = place_of(change) if callable(change) else ("", 0)
                text = "a migration takes the variables, and where they are if it wants to know"
                raise BadDefinition(text, file, line)
            self.add(Migration(from_, to, dict(states), change, _name(change)))
            return change

        return decorate

    def add(self, migration: Migration) -> None:
        """Take over one; made again (in a notebook, a test) it takes the place of the one before.

        Raises:
            BadDefinition: another function of the same module leads between the same definitions.
        """
        key = (migration.source, migration.target)
        for known in self._all:
            if (known.source, known.target) == key and _beside(known.change, migration.change):
                text = (
                    f"two migrations lead from {migration.source!r}: {known.name} and "
                    f"{migration.name}; make one of them, with the states of both"
                )
                assert migration.change is not None  # it stands beside another one
                raise BadDefinition(text, *place_of(migration.change))
        self._all = [known for known in self._all if (known.source, known.target) != key]
        self._all.append(migration)

    def _check(self, from_: str, to: str) -> None:
        if not from_ or from_ == to:
            text = f"from_={from_!r}: name the definition that runs come from, by hash or version"
            raise BadDefinition(text)

    def _check_names(self, states: Mapping[Any, Any]) -> None:
        for was, now in states.items():
            if not (isinstance(was, str) and isinstance(now, str)):
                text = f"states= maps {was!r} to {now!r}; states go by their names"
                raise BadDefinition(text)

    def path(self, old: str, version: str, new: Machine) -> list[Migration]:
        """The migrations that lead from a definition to another, in order; [] for none.

        Args:
            old, version: hash of the definition, and what its author called it.
            new: the definition to come to.
        """
        paths: list[tuple[tuple[str, str], list[Migration]]] = [((old, version), [])]
        seen: set[int] = set()
        while paths:
            at, steps = paths.pop(0)
            for one in self._all:
                if id(one) in seen or not names(one.source, *at):
                    continue
                seen.add(id(one))
                if not one.target or names(one.target, new.hash, new.version):
                    return [*steps, one]
                paths.append(((one.target, one.target), [*steps, one]))
        return []


def names(name: str, digest: str, version: str) -> bool:
    """Whether a migration that says `name` means a definition."""
    return name in (digest, version) or (len(name) >= SHORTEST and digest.startswith(name))


def states_of(path: Sequence[Migration], states: Sequence[str]) -> dict[str, str]:
    """What states are called at the end of a path of migrations."""
    found: dict[str, str] = {}
    for name in states:
        now = name
        for migration in path:
            now = renamed(now, migration.states)
        found[name] = now
    return found


def mapped_by(path: Sequence[Migration]) -> Mapping[str, str]:
    """One mapping that stands for those of a path, from the names at its beginning."""
    found: dict[str, str] = {}
    for migration in path:
        for before, now in found.items():
            found[before] = renamed(now, migration.states)
        reached = set(found.values())
        for before, now in migration.states.items():
            if before not in found and before not in reached:
                found[before] = now
    return found


def _parameters(change: Change) -> list[inspect.Parameter]:
    try:
        parameters = inspect.signature(change).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p for p in parameters if p.kind in kinds]


def _beside(one: Change | None, other: Change | None) -> bool:
    """Whether both are functions that stand in one module: none of them is the other, made anew."""
    (module, name), (its_module, its_name) = _defined(one), _defined(other)
    return module == its_module and name != its_name and "<locals>" not in name + its_name


def _defined(change: Change | None) -> tuple[str, str]:
    return str(getattr(change, "__module__", "")), str(getattr(change, "__qualname__", "<locals>"))


def _name(change: Change) -> str:
    return str(getattr(change, "__name__", "") or "migration")
