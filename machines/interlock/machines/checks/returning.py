"""What never comes to its end: loops without an exit, and joins of what does not return."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from interlock.machines.checks.doubt import Doubt
from interlock.machines.checks.frames import Frame, program_of
from interlock.machines.checks.subject import Subject
from interlock.machines.checks.waiting import listed
from interlock.machines.checks.walking import closure
from interlock.machines.facts import Joined
from interlock.machines.ir import DONE
from interlock.machines.problem import Problem
from interlock.machines.program import Place, Program
from interlock.machines.workflow import Workflow

_FAILED = ("failed", "cancelled", "compensating")


class Returning:
    """Which functions can come to their end, a failure that is caught on the way or not."""

    def __init__(self, program: Program) -> None:
        every = [*_programs(program, set())]
        self._good: set[int] = set()
        while True:
            more = {id(one) for one in every if id(one) not in self._good and self._ends(one)}
            if not more:
                break
            self._good |= more

    def ends(self, call: Place) -> bool:
        """Whether what is called can end."""
        program = call.program
        if call.child is not None:
            program = program_of(call.child)
        return program is None or id(program) in self._good

    def passes(self, frame: Frame, place: Place) -> bool:
        """Whether a run can come past one of the places of a function."""
        if place.kind != "join":
            return self.ends(place)
        return not self.blocked(frame, place)

    def blocked(self, frame: Frame, place: Place) -> list[str]:
        """What a join waits for in vain, [] where it can end."""
        known, calls = frame.joined(place.state), frame.program.calls
        never = [c.state for c in place.calls if not self.ends(c) and c.state not in known.maybe]
        begun = [n for n in sorted(known.held - frame.facts.cancelled) if not self.ends(calls[n])]
        begun += [c.name for c in known.children if not self._child_ends(c)]
        held = len(known.held) + len(known.children)
        if place.how in ("race", "await"):
            all_of = len(never) == len(place.calls) and len(begun) == held and not known.unsure
            return [*never, *begun] if all_of else []
        return [*never, *(begun if known.certain else ())]

    def doubted(self, frame: Frame, place: Place) -> bool:
        """Whether a join that seems to end may wait for something begun that does not."""
        known = frame.joined(place.state)
        if place.kind != "join" or (place.how == "race" and place.calls):
            return False
        some = frame.begun if known.unsure else known.held
        calls = frame.program.calls
        return any(n in calls and not self.ends(calls[n]) for n in some) and not known.certain

    def _child_ends(self, child: Workflow[..., Any]) -> bool:
        program = program_of(child)
        return program is None or id(program) in self._good

    def _ends(self, program: Program) -> bool:
        frame = Frame(program)
        passing = {s for s, place in program.places.items() if self.passes(frame, place)}
        passing.add(program.machine.initial)
        after: dict[str, set[str]] = {}
        for edge in frame.edges:
            if edge.event == DONE and edge.source not in passing:
                continue
            after.setdefault(edge.source, set()).update(set(edge.targets).difference(_FAILED))
        return "completed" in closure({program.machine.initial}, after)


def _programs(program: Program, seen: set[int]) -> Iterator[Program]:
    """A function, its helpers and children, each once."""
    if id(program) in seen:
        return
    seen.add(id(program))
    yield program
    children = [*program.facts.children]
    for joined in program.facts.joins.values():
        children += joined.children
    for place in (*program.places.values(), *program.calls.values()):
        if place.program is not None:
            yield from _programs(place.program, seen)
        if place.child is not None:
            children.append(place.child)
    for child in children:
        found = program_of(child)
        if found is not None:
            yield from _programs(found, seen)


def joins(subject: Subject) -> Iterator[Problem | Doubt]:
    """ILK132: something is waited for that can never come to its end."""
    if subject.main is not None:
        yield from _stuck(subject.main, Returning(subject.main.program), set())


def _stuck(frame: Frame, ends: Returning, seen: set[str]) -> Iterator[Problem | Doubt]:
    for place in frame.program.places.values():
        inner = frame.helper(place)
        if inner is not None:
            yield from _stuck(inner, ends, seen)
        elif place.child is not None and not ends.ends(place):
            yield _never(frame, place, [place.child.name])
        elif place.kind == "join":
            yield from _stuck_join(frame, place, ends, seen)


def _stuck_join(
    frame: Frame, place: Place, ends: Returning, seen: set[str]
) -> Iterator[Problem | Doubt]:
    known, blocked = frame.joined(place.state), ends.blocked(frame, place)
    deeper: list[Problem | Doubt] = []
    if blocked or place.how != "race":  # what loses a race is ended by it
        members = [frame.member(place, call) for call in place.calls]
        for name in sorted(known.held - frame.facts.cancelled):
            if frame.full(name) not in seen:
                seen.add(frame.full(name))
                members.append(frame.started(name))
        for inner in members:
            if inner is not None:
                deeper += _stuck(inner, ends, seen)
    yield from deeper
    if blocked and not any(isinstance(one, Problem) for one in deeper):
        yield _never(frame, place, blocked)
    elif not blocked and ends.doubted(frame, place):
        yield Doubt(f"what is waited for in {frame.full(place.state)!r} is not followed")


def _never(frame: Frame, place: Place, names: list[str]) -> Problem:
    name = frame.full(place.state)
    text = f"{name!r} never completes: {listed(names)} does not return; let its loop end"
    return Problem(
        "ILK132", "warning", name, text, place.line, frame.file, frame.way_to(place.state)
    )


def loops(subject: Subject) -> Iterator[Problem]:
    """ILK178: a loop that only a cancellation ends, or a failure that ends the run.

    One that a race ends is meant; of one that a join waits for ILK132 is told.
    """
    if subject.main is not None:
        yield from _loops(subject.main, Returning(subject.main.program))


def _loops(frame: Frame, ends: Returning) -> Iterator[Problem]:
    machine = frame.program.machine
    for part in _loops_of(frame):
        if not part & frame.ending:
            node = min((machine.by_id[name] for name in part), key=lambda node: node.line)
            name = frame.full(node.id)
            text = f"the loop through {name!r} ends only by a failure or a cancellation"
            way = frame.way_to(node.id)
            yield Problem("ILK178", "info", name, text, node.line, frame.file, way)
    for inner in _waited_for(frame, ends):
        yield from _loops(inner, ends)


def _waited_for(frame: Frame, ends: Returning) -> Iterator[Frame]:
    """The helpers that a function cannot go on without, those of joins as far as they return."""
    for place in frame.program.places.values():
        if place.how == "race":
            continue
        found = [frame.helper(place)]
        found += [frame.member(place, call) for call in place.calls if ends.ends(call)]
        held = _surely_awaited(frame.joined(place.state)) - frame.facts.cancelled
        calls = frame.program.calls
        found += [frame.started(name) for name in sorted(held) if ends.ends(calls[name])]
        yield from (inner for inner in found if inner is not None)


def _surely_awaited(joined: Joined) -> frozenset[str]:
    return joined.held if joined.certain else frozenset()


def _loops_of(frame: Frame) -> list[frozenset[str]]:
    """Sets of the states of a function that lead to each other, and to themselves."""
    following: dict[str, set[str]] = {}
    for edge in frame.edges:
        if edge.event == DONE:
            following.setdefault(edge.source, set()).update(edge.targets)
    after = {name: closure(ends, following) for name, ends in following.items()}
    return [
        *dict.fromkeys(
            frozenset(b for b in after[a] if a in after.get(b, ()))
            for a in after if a in after[a]
        )
    ]  # fmt: skip
