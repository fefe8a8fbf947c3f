"""Failures that are taken where something with an undo is done, so that nothing is undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from interlock.machines.checks.doubt import Doubt
from interlock.machines.checks.frames import Frame, program_of, spots
from interlock.machines.checks.subject import Subject
from interlock.machines.checks.waiting import listed
from interlock.machines.ir import DONE, Edge
from interlock.machines.problem import Problem
from interlock.machines.program import Place


@dataclass(frozen=True)
class _Around:
    """What is known where a function is called.

    Attributes:
        done: names of what has an undo and may be done by then, or meanwhile.
        goes_on: the run may come to its end once the function has.
        raises: code behind the call raises something, perhaps because of what it gave.
    """

    done: tuple[str, ...] = ()
    goes_on: bool = True
    raises: bool = False


def bypassed(subject: Subject) -> Iterator[Problem | Doubt]:
    """ILK108: a failure behind a step with an undo that is caught, so that nothing is undone."""
    if subject.main is not None:
        yield from _looked(subject.main, _Around())


def _looked(frame: Frame, around: _Around) -> Iterator[Problem | Doubt]:
    places = frame.program.places
    for edge in frame.edges:
        if around.goes_on and _is_failure(edge) and edge.target in frame.completing:
            place = places.get(edge.source)
            left = _left_at(frame, place) if place is not None else []
            done = (*around.done, *_before(frame, edge.source), *left)
            fails = f"fails ({edge.label or edge.event})"
            yield from _told(frame, edge.source, edge.target, fails, done, doubted=around.raises)
    for state, place in places.items():
        well = [e.target for e in frame.edges if e.source == state and e.event == DONE]
        onward = [target for target in well if target in frame.completing]
        here = _Around(
            (*around.done, *_before(frame, state)),
            around.goes_on and bool(onward),
            around.raises or _raises(frame, place),
        )
        if here.goes_on and frame.joined(state).collects:
            says = "takes a failure as a value"
            yield from _told(frame, state, onward[0], says, here.done, doubted=here.raises)
        yield from _inside(frame, place, here)
    yield from _begun(frame, around)


def _inside(frame: Frame, place: Place, here: _Around) -> Iterator[Problem | Doubt]:
    """Of the helpers that are called at a place."""
    inner = frame.helper(place)
    if inner is not None:
        yield from _looked(inner, here)
    for call in place.calls:
        member = frame.member(place, call)
        if member is not None:
            beside = [c for c in place.calls if c is not call and place.how != "race"]
            done = (name for other in beside for name in _of_call(frame, place, other))
            yield from _looked(member, replace(here, done=(*here.done, *done)))


def _begun(frame: Frame, around: _Around) -> Iterator[Problem | Doubt]:
    """Of the helpers that are started, beside which the function goes on."""
    for name in frame.begun:
        inner = frame.started(name)
        if inner is None:
            continue
        froms = [state for state, calls in frame.facts.begun.items() if name in calls]
        done = [
            one
            for state, place in frame.program.places.items()
            if any(_near(frame, state, begins) for begins in froms)
            for one in _passed(frame, place)
        ]
        yield from _looked(inner, replace(around, done=(*around.done, *done)))


def _near(frame: Frame, state: str, begins: str) -> bool:
    """Whether a state may be passed before, or after, what begins behind another one."""
    before = begins == state or begins in frame.behind.get(state, ())
    return before or state in frame.behind.get(begins, ())


def _told(
    frame: Frame, state: str, target: str, how: str, done: tuple[str, ...], *, doubted: bool
) -> Iterator[Problem | Doubt]:
    names = [*dict.fromkeys(done)]
    if not names:
        return
    name = frame.full(state)
    if doubted:
        yield Doubt(f"what becomes of a failure in {name!r} is decided by the code behind it")
        return
    text = (
        f"when {name!r} {how}, the run may go on to its end, and {listed(names)} "
        f"{'is' if len(names) == 1 else 'are'} not undone; raise to undo that"
    )
    node = frame.node(state)
    way = (*frame.way_to(state), f"{name} {how} → {frame.full(target)}")
    yield Problem("ILK108", "info", name, text, node.line if node else 0, frame.file, way)


def _is_failure(edge: Edge) -> bool:
    return edge.event == "error" or edge.event.startswith("raise ")


def _raises(frame: Frame, place: Place) -> bool:
    """Whether a `raise` stands behind a place, other than one inside of what it calls."""
    inner = () if place.program is None else place.program.machine.raises
    known = {f"raise {name}" for name in inner}
    return any(
        edge.source == place.state and edge.event.startswith("raise") and edge.event not in known
        for edge in frame.edges
    )


def _before(frame: Frame, state: str) -> list[str]:
    """What has an undo and may be done when a state of a function is entered."""
    found = [
        name
        for before, place in frame.program.places.items()
        if state in frame.behind.get(before, ())
        for name in _passed(frame, place)
    ]
    awaited = frame.joined(state).held
    for before, calls in frame.facts.begun.items():
        if state in frame.behind.get(before, ()):
            found += [one for n in calls if n not in awaited for one in _of_started(frame, n)]
    return found


def _passed(frame: Frame, place: Place) -> list[str]:
    """What has an undo and may be done once a place was passed well."""
    found = _of(place, frame.full(place.state), frame.helper(place))
    return found + [name for call in place.calls for name in _of_call(frame, place, call)]


def _of_call(frame: Frame, join: Place, call: Place) -> list[str]:
    return _of(call, frame.inside(join, call), frame.member(join, call))


def _of_started(frame: Frame, name: str) -> list[str]:
    return _of(frame.program.calls[name], frame.full(name), frame.started(name))


def _of(place: Place, name: str, inner: Frame | None) -> list[str]:
    if place.step is not None:
        return [name] if place.step.options.compensate else []
    if place.child is not None:
        program = program_of(place.child)
        undoes = program is not None and undoing(Frame(program))
        return [name] if undoes else []
    if inner is None:
        return []
    return [one for spot in spots(inner) for one in _of(spot.place, spot.name, None)]


def undoing(frame: Frame) -> bool:
    """Whether a workflow has something to undo, its children included."""
    steps = (spot.place.step for spot in spots(frame, children=True))
    return any(step is not None and step.options.compensate for step in steps)


def _left_at(frame: Frame, place: Place) -> list[str]:
    """What may be done inside a place that fails."""
    inner = frame.helper(place)
    found = [] if inner is None else _left(inner)
    joined = frame.joined(place.state)
    together = place.how not in ("race", None) and not joined.collects
    for call in place.calls:
        member = frame.member(place, call)
        found += [] if member is None else _left(member)
        if together and (len(place.calls) > 1 or joined.held or call.state in joined.several):
            found += _of_call(frame, place, call)
    for name in sorted(joined.held):
        begun = frame.started(name)
        found += [] if begun is None else _left(begun)
    return found


def _left(frame: Frame) -> list[str]:
    """What may be done when a function ends by a failure: of something else, behind it."""
    places = frame.program.places
    raising = {state for state, place in places.items() if _raises(frame, place)}
    found: list[str] = []
    for state, place in places.items():
        behind = frame.behind.get(state, set[str]())
        if behind & places.keys() or raising & {state, *behind}:
            found += _passed(frame, place)
        found += _left_at(frame, place)
    return found
