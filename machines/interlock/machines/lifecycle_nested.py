"""What nested levels must be together, and where the targets across them lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from interlock.machines.ir import Node, NodeKind
from interlock.machines.lifecycle_check import refuse
from interlock.machines.lifecycle_declared import Declared
from interlock.machines.reach import Across, Back
from interlock.machines.rule import Move


def check_levels(top: Declared) -> None:
    """Raise for the first mistake between levels.

    Raises:
        BadDefinition: with the file and line.
    """
    owners: dict[type[StrEnum], Declared] = {}
    taken: set[str] = set()
    for level in top.levels():
        other = owners.setdefault(level.states, level)
        if other is not level:
            what = (
                f"shares its states, {level.states.__qualname__}, with {other.owner.__qualname__}; "
                "each region needs a StrEnum of its own, so that a state says where it is"
            )
            raise refuse(level.owner, what)
        if not issubclass(top.data, level.data):
            what = f"has data of {level.data.__name__}, but the lifecycle's are {top.data.__name__}"
            raise refuse(level.owner, what)
        for state in level.states:
            regions = level.inside(state)
            if regions and state in level.final:
                raise refuse(regions[0].owner, f"is inside {state!r}, which is final")
            names = [region.name for region in regions]
            if len(set(names)) < len(names):
                raise refuse(regions[-1].owner, f"is a second region {names[-1]!r} of {state!r}")
        own = [level.id_of(state) for state in level.states]
        for name in [*own, level.parent or ""] if level.name else own:
            if name in taken:
                raise refuse(level.owner, f"has a second state called {name!r}")
            taken.add(name)
            if name.endswith(("/H", "/H*")):
                raise refuse(level.owner, f"{name!r} ends as histories do; choose another name")


@dataclass
class Places:
    """Where each state is, and the histories that some target asked for.

    Attributes:
        histories: their nodes, by name.
    """

    top: Declared
    histories: dict[str, Node] = field(default_factory=dict[str, Node])

    def __post_init__(self) -> None:
        self._levels = {level.states: level for level in self.top.levels()}

    def id_of(self, state: StrEnum) -> str | None:
        """A state's name in the machine, None for one of another enumeration."""
        level = self._levels.get(type(state))
        return None if level is None else level.id_of(state)

    def reach(
        self, level: Declared, method: Callable[..., Any], move: Move, source: str
    ) -> tuple[tuple[str, ...], bool]:
        """The names of a move's targets, and whether it stays inside its source.

        Raises:
            BadDefinition: a target is no state of the lifecycle.
        """
        target = move.target
        if target is None:
            return (source,), True
        if isinstance(target, StrEnum):
            return (level.id_of(target),), False
        several = target.states if isinstance(target, Across) else (target,)
        names = tuple(self._one(method, move, item) for item in several)
        inside = all(name.startswith(f"{source}/") for name in names)
        return names, inside and isinstance(target, Across)

    def _one(self, method: Callable[..., Any], move: Move, target: StrEnum | Back[Any]) -> str:
        state = target.state if isinstance(target, Back) else target
        name = self.id_of(state)
        if name is None:
            what = f"target {state!r} is not a state of the lifecycle or one of its regions"
            raise refuse(method, what, move.line)
        if not isinstance(target, Back):
            return name
        level = self._levels[type(state)]
        if not level.inside(state):
            what = f"history({state!r}) has nothing to go back to: no Region is of={state!r}"
            raise refuse(method, what, move.line)
        default = None if target.default is None else self.id_of(target.default)
        if target.default is not None and not (default or "").startswith(f"{name}/"):
            raise refuse(method, f"default={target.default!r} is not inside {state!r}", move.line)
        return self._history(method, move, name, target.deep, default)

    def _history(
        self,
        method: Callable[..., Any],
        move: Move,
        parent: str,
        deep: bool,
        default: str | None,
    ) -> str:
        name = f"{parent}/H*" if deep else f"{parent}/H"
        node = Node(
            id=name, kind="history", parent=parent, deep=deep, initial=default, line=move.line
        )
        known = self.histories.setdefault(name, node)
        if known.initial != default:
            what = f"a second default for the history of {parent!r}; there can be one"
            raise refuse(method, what, move.line)
        return name


def nodes_of(
    level: Declared, lines: Callable[[Declared], dict[str, int]], effects: Effects
) -> Iterator[Node]:
    """The nodes of a level and of all inside, a parent before its children."""
    known = lines(level)
    for state in level.states:
        name = level.id_of(state)
        regions = level.inside(state)
        line = known.get(state.value, 0)
        alone = regions[0] if len(regions) == 1 and not regions[0].name else None
        kind: NodeKind = "final" if state in level.final else "atomic"
        if regions:
            kind = "compound" if alone else "parallel"
        yield Node(
            id=name,
            kind=kind,
            parent=level.parent,
            initial=alone.id_of(alone.initial) if alone else None,
            variables=("data",),
            entering=effects.get(("entering", name), ()),
            exiting=effects.get(("exiting", name), ()),
            unhandled=level.unhandled.get(state, ""),
            line=line,
        )
        for region in regions:
            if region is not alone:
                yield Node(
                    id=region.parent or "",
                    kind="compound",
                    parent=name,
                    initial=region.id_of(region.initial),
                    variables=("data",),
                    line=line,
                )
            yield from nodes_of(region, lines, effects)


Effects = dict[tuple[str, str], tuple[str, ...]]
"""Names of methods, by `entering` or `exiting` and the state."""
