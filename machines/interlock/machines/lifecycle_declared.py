"""A lifecycle as its author wrote it: one level for the class, one for each region inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.ir import Unhandled
from interlock.machines.rule import Acting, Move, Rule, rules_of

Method = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class RegionHead:
    """What stands in the head of a region's class.

    Attributes:
        of: the state that it is inside of.
        initial, final: of its own states.
        name: of the region, "" for the class's own in words.
        unhandled: by state.
    """

    of: StrEnum
    initial: StrEnum
    final: tuple[StrEnum, ...]
    name: str
    unhandled: Mapping[StrEnum, Unhandled]


@dataclass(frozen=True, slots=True)
class Declared:
    """One level: the lifecycle's class, or a region.

    Attributes:
        owner: the class.
        states: the enumeration.
        data: the model.
        initial, final: of the states.
        methods: those with rules, in the order of the class.
        parent: name of the state or region around it, None at the top.
        of: that state, as its author writes it.
        name: of the region, "" where it is the only one of its state.
        unhandled: by state.
        regions: the levels inside, in the order of the class.
    """

    owner: type
    states: type[StrEnum]
    data: type[BaseModel]
    initial: StrEnum
    final: tuple[StrEnum, ...]
    methods: dict[str, Method]
    parent: str | None = None
    of: StrEnum | None = None
    name: str = ""
    unhandled: Mapping[StrEnum, Unhandled] = field(default_factory=dict[StrEnum, Unhandled])
    regions: tuple[Declared, ...] = ()

    def id_of(self, state: StrEnum) -> str:
        """A state's name in the machine."""
        return state.value if self.parent is None else f"{self.parent}/{state.value}"

    def inside(self, state: StrEnum) -> list[Declared]:
        """The regions of one state."""
        return [region for region in self.regions if region.of == state]

    def levels(self) -> Iterator[Declared]:
        """This level, and all inside."""
        yield self
        for region in self.regions:
            yield from region.levels()

    def rules(self) -> Iterator[tuple[Method, Rule]]:
        """Every rule of this level with its method, in the order of the class."""
        for method in self.methods.values():
            for rule in rules_of(method):
                yield method, rule

    def acting(self) -> Iterator[Method]:
        """The methods of all levels that name effects."""
        for level in self.levels():
            for method, rule in level.rules():
                if isinstance(rule, Acting):
                    yield method

    def commands(self) -> dict[str, type[Command]]:
        """The commands of all levels by name, in the order of the classes."""
        found: dict[str, type[Command]] = {}
        for level in self.levels():
            for _, rule in level.rules():
                if isinstance(rule, Move) and rule.command is not None:
                    found.setdefault(rule.event, rule.command)
        return found
