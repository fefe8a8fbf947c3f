"""What may go on for ever: waits and steps without a timeout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from interlock.machines.checks.frames import Frame, Spot, spots
from interlock.machines.checks.subject import Subject
from interlock.machines.problem import Problem
from interlock.machines.program import Place

_FEW = 3


def waits(subject: Subject) -> Iterator[Problem]:
    """ILK086: an approval or a wait that nothing but its answer can end."""
    if subject.main is not None:
        yield from _waits(subject.main)
        return
    for node in subject.machine.nodes:
        if node.kind in ("approval", "wait") and node.timeout is False:
            way = subject.way_to(node.id)
            yield _endless(node.id, node.line, node.file, way)


def _endless(name: str, line: int, file: str, way: tuple[str, ...]) -> Problem:
    text = f"{name!r} may wait for ever; give it a timeout= if that is not meant"
    return Problem("ILK086", "info", name, text, line, file, way)


def _waits(frame: Frame) -> Iterator[Problem]:
    """Those of a function, but for what a race with a sleep ends, or the end of the workflow."""
    for place in frame.program.places.values():
        if _is_endless(frame, place):
            yield _endless(
                frame.full(place.state), place.line, frame.file, frame.way_to(place.state)
            )
        inner = [frame.helper(place)]
        if not _has_sleep(place):
            for call in place.calls:
                inner.append(frame.member(place, call))
                if _is_endless(frame, call):
                    name, way = frame.inside(place, call), frame.way_to(place.state)
                    yield _endless(name, call.line, frame.file, way)
        for one in inner:
            if one is not None:
                yield from _waits(one)
    for name in _awaited(frame):
        call = frame.program.calls[name]
        if _is_endless(frame, call):
            way = frame.way_to_start(name)
            yield _endless(frame.full(name), call.line, frame.file, way)
        begun = frame.started(name)
        if begun is not None:
            yield from _waits(begun)


def _is_endless(frame: Frame, place: Place) -> bool:
    node = frame.node(place.state)
    return place.kind in ("approval", "wait") and node is not None and node.timeout is False


def _has_sleep(place: Place) -> bool:
    return place.how == "race" and any(call.kind == "sleep" for call in place.calls)


def _awaited(frame: Frame) -> list[str]:
    """What is begun and may be waited for, other than in a race with a sleep."""
    joined = [
        frame.joined(state)
        for state, place in frame.program.places.items()
        if place.kind == "join" and not _has_sleep(place)
    ]
    if any(one.unsure for one in joined):
        return frame.begun
    held = frozenset[str]().union(*(one.held for one in joined))
    return [name for name in frame.begun if name in held]


def steps(subject: Subject) -> Iterator[Problem]:
    """ILK106: steps that nothing ends."""
    means = "may run for ever; give timeout= where that is not meant"
    if subject.lifecycle is not None:
        effects = subject.lifecycle.steps.items()
        names = [name for name, step in effects if step.options.timeout is None]
        if names:
            text = f"{listed(names)} {means}"
            yield Problem("ILK106", "info", "", text, subject.machine.line)
    elif subject.main is not None:
        slow = [
            spot
            for spot in spots(subject.main)
            if spot.place.step is not None and spot.place.step.options.timeout is None
        ]
        if slow:
            yield of_steps("ILK106", slow, lambda names: f"{names} {means}")


def of_steps(code: str, found: Sequence[Spot], said: Callable[[str], str]) -> Problem:
    """One advice on several steps, each named once, at the place of the first in the source."""
    first = min(found, key=lambda spot: (spot.frame.name != "", spot.place.line))
    names = dict.fromkeys(spot.place.step.name for spot in found if spot.place.step is not None)
    text, line = said(listed([*names])), first.place.line
    return Problem(code, "info", "", text, line, first.frame.file, first.way)


def listed(names: Sequence[str]) -> str:
    """Some names in words."""
    if len(names) <= _FEW:
        return ", ".join(names)
    return f"{', '.join(names[:_FEW])} and {len(names) - _FEW} more"
