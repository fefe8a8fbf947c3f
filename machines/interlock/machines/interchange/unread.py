"""What a `transitions` machine has beyond its structure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from transitions.core import Machine

from interlock.machines.interchange.hierarchy import Candidate, Place, Tree
from interlock.machines.interchange.leftover import LeftOut

_MACHINE_CALLBACKS = (
    "prepare_event", "before_state_change", "after_state_change",
    "finalize_event", "on_exception", "on_final",
)  # fmt: skip
_STATE_CALLBACKS = ("on_enter", "on_exit", "on_final")
_STATE_PARTS = {"name", "final", "ignore_invalid_triggers", "initial", "events", "states", "scope"}
_EDGE_CALLBACKS = ("prepare", "before", "after")


def unread(machine: Machine, tree: Tree, taken: tuple[Candidate, ...]) -> Iterator[LeftOut]:
    """All that the structure does not say, of the machine, its states and these transitions."""
    for kind in _MACHINE_CALLBACKS:
        yield from _callbacks("the machine", kind, machine)
    yield from _own("the machine", machine.event_cls, "_process", "_trigger")
    for place in tree.places.values():
        yield from _of_state(place)
    for candidate in taken:
        yield from _of_transition(candidate)
    for source in dict.fromkeys(candidate.source for candidate in taken):
        if source in tree.places and tree.places[source].state.final:
            yield LeftOut("ILK196", source, "final=True on a state with transitions out of it")
    yield from _against_nesting(tree, taken)


def _of_state(place: Place) -> Iterator[LeftOut]:
    for kind in _STATE_CALLBACKS:
        yield from _callbacks(place.id, kind, place.state)
    yield from _own(place.id, type(place.state), "enter", "exit")
    if place.state.final and place.children:
        yield LeftOut("ILK185", place.id, "final=True on a state with children")
    for part, value in vars(place.state).items():
        if part.lstrip("_") not in _STATE_PARTS | {*_STATE_CALLBACKS} and value:
            yield LeftOut("ILK185", place.id, f"{part}={value!r}")


def _of_transition(candidate: Candidate) -> Iterator[LeftOut]:
    place = f"{candidate.event} in {candidate.source}"
    for kind in _EDGE_CALLBACKS:
        yield from _callbacks(place, kind, candidate.transition)
    yield from _own(place, type(candidate.transition), "execute")
    for condition in candidate.transition.conditions:
        yield from _own(place, type(condition), "check")


def _callbacks(place: str, kind: str, owner: object) -> Iterator[LeftOut]:
    for callback in getattr(owner, kind, None) or ():
        name = (
            callback if isinstance(callback, str) else getattr(callback, "__name__", "a function")
        )
        yield LeftOut("ILK184", place, f"{kind}={name}")


def _own(place: str, cls: type, *methods: str) -> Iterator[LeftOut]:
    """What a class of the user's does in the library's place."""
    for method in methods:
        function: Callable[..., object] | None = getattr(cls, method, None)
        module = "" if function is None else function.__module__
        if function is not None and module.partition(".")[0] != "transitions":
            yield LeftOut("ILK186", place, f"{cls.__qualname__}.{method}")


def _against_nesting(tree: Tree, taken: tuple[Candidate, ...]) -> Iterator[LeftOut]:
    """The library asks what was declared deeper first; a statechart, what starts deeper."""
    for first in taken:
        for second in taken:
            earlier = first.event == second.event and first.depth > second.depth
            if earlier and tree.inside(second.source, first.source):
                place = f"{first.event} in {first.source}"
                yield LeftOut("ILK194", place, f"asked before the one in {second.source}")
