"""The states and triggers of a `transitions` machine as one tree, flat machines included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, cast

from transitions.core import Event, Machine, State, Transition

from interlock.machines.interchange.leftover import Unconvertible


@dataclass(frozen=True, slots=True)
class Place:
    """A state and where it stands.

    Attributes:
        id: its name from the root, as the library writes it.
        parent: the id of the state it is nested in, None at the top.
        initial: ids of the children entered first, none for a state without children.
        children: ids of its children.
    """

    id: str
    state: State
    parent: str | None
    initial: tuple[str, ...]
    children: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A transition, with the names of its states from the root.

    Attributes:
        depth: how deep it was declared: the library asks the deepest first.
        target: None for an internal transition.
    """

    event: str
    source: str
    target: str | None
    depth: int
    transition: Transition


class Tree:
    """What a machine consists of, read from its tables."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._separator: str = getattr(machine.state_cls, "separator", "_")

    @cached_property
    def places(self) -> dict[str, Place]:
        """Its states by id, parents before their children."""
        return {place.id: place for place in self._places("", None, self._machine.states)}

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """Its transitions, in the order in which they are asked for one state and event."""
        inner = (
            candidate
            for place in reversed(self.places.values())
            for candidate in self._candidates(place.id, getattr(place.state, "events", {}))
        )
        return (*inner, *self._candidates("", self._machine.events))

    @cached_property
    def initial(self) -> tuple[str, ...]:
        """The states it begins in.

        Raises:
            Unconvertible: none was named.
        """
        found = _names(self._machine.initial)
        if not found:
            text = "the machine has no initial state; make it with Machine(..., initial='draft')"
            raise Unconvertible(text)
        return found

    def inside(self, inner: str, outer: str) -> bool:
        """Whether a state is nested in another, however deep."""
        parent = self.places[inner].parent if inner in self.places else None
        return parent is not None and (parent == outer or self.inside(parent, outer))

    def _places(
        self, prefix: str, parent: str | None, states: Mapping[str, State]
    ) -> Iterator[Place]:
        for name, state in states.items():
            identity = prefix + name
            children: Mapping[str, State] = getattr(state, "states", {})
            below = identity + self._separator
            initial = tuple(below + first for first in _names(getattr(state, "initial", None)))
            yield Place(identity, state, parent, initial, tuple(below + c for c in children))
            yield from self._places(below, identity, children)

    def _candidates(self, scope: str, events: Mapping[str, Event]) -> Iterator[Candidate]:
        prefix = scope + self._separator if scope else ""
        depth, above = 0, scope or None
        while above is not None:
            depth, above = depth + 1, self.places[above].parent
        for event in events.values():
            for source, transitions in event.transitions.items():
                for transition in transitions:
                    target = self._found(prefix, transition.dest) if transition.dest else None
                    yield Candidate(event.name, prefix + source, target, depth, transition)

    def _found(self, prefix: str, name: str) -> str:
        """A state as a transition names it: from its own scope, else from the root."""
        near = prefix + name
        return name if near not in self.places and name in self.places else near


def _names(given: Any) -> tuple[str, ...]:
    """What the library takes for the name of a state: a text, an enum's member, or several."""
    if given is None:
        return ()
    several = cast("Sequence[object]", given if isinstance(given, list | tuple) else (given,))
    return tuple(one.name if isinstance(one, Enum | State) else str(one) for one in several)
