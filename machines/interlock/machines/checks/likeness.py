"""Waits that may be mistaken for each other: under way at a time, for the same thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from interlock.machines.checks.doubt import Doubt
from interlock.machines.checks.frames import Frame, frames, spots
from interlock.machines.checks.subject import Subject
from interlock.machines.problem import Problem
from interlock.machines.program import Place


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that a run may wait for.

    Attributes:
        kind: "approval" or "wait".
        what: name of the approval, or of the command; "" for a name that the code makes.
        told: `where=` says what is taken, or `approvers=` for whom it is.
    """

    kind: str
    what: str
    told: bool = False

    def like(self, other: Wait) -> bool:
        """Whether an answer to one may be an answer to the other."""
        unknown = "" in (self.what, other.what)
        return self.kind == other.kind and (unknown or self.what == other.what)

    def sure(self, other: Wait) -> bool:
        """Whether nothing tells them apart, of two that are alike."""
        return "" not in (self.what, other.what) and not (self.told and other.told)


Waits = Sequence[Wait]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where waits are looked at together."""

    name: str
    line: int
    file: str
    way: tuple[str, ...]


@dataclass(slots=True)
class _Told:
    """What was said so far, each thing once."""

    seen: set[tuple[str, str, str]] = field(default_factory=set[tuple[str, str, str]])

    def pair(
        self, at: _Place, first: Waits, second: Waits, names: str, *, certain: bool = True
    ) -> Iterator[Problem | Doubt]:
        """What is alike in two lists of waits."""
        for one in first:
            for other in second:
                if not one.like(other) or (at.name, one.kind, one.what) in self.seen:
                    continue
                if certain and one.sure(other):
                    self.seen.add((at.name, one.kind, one.what))
                    yield _alike(at, one, names)
                elif not certain:
                    yield Doubt(f"whether {names} wait for {one.what} at a time is not followed")
                elif one.told and other.told:
                    by = "where= takes" if one.kind == "wait" else "approvers= says"
                    yield Doubt(f"what {by} in {names} is not looked into")
                else:
                    yield Doubt(f"the names of approvals in {names} are made by the code")


def alike(subject: Subject) -> Iterator[Problem | Doubt]:
    """ILK176: waits under way at the same time for the same thing."""
    told = _Told()
    for frame in frames(subject.main) if subject.main is not None else ():
        for place in frame.program.places.values():
            yield from _in_join(frame, place, told)
        yield from _beside(frame, told)


def _in_join(frame: Frame, place: Place, told: _Told) -> Iterator[Problem | Doubt]:
    """Of the calls of a join, each beside the others, or beside another of its own."""
    name = frame.full(place.state)
    at = _Place(name, place.line, frame.file, frame.way_to(place.state))
    several = frame.joined(place.state).several
    before: list[Wait] = []
    for call in place.calls:
        waits = [*_of(frame, call, frame.member(place, call))]
        yield from told.pair(at, before, waits, f"two branches of {name!r}")
        if call.state in several:
            yield from told.pair(at, waits, waits, f"two branches of {name!r}")
        before += waits


def _alike(at: _Place, wait: Wait, names: str) -> Problem:
    branches = names.startswith("two branches")
    if wait.kind == "approval":
        by = "in two branches" if branches else f"by {names}"
        how = f"{wait.what!r} is asked for {by} at a time: people have to name the branch"
        word = "approvers="
    else:
        word = "where="
        by = "two branches" if branches else names
        how = f"{by} wait for {wait.what} at a time: the first one in the source takes it"
    text = f"{how}; tell them apart by name or {word}"
    return Problem("ILK176", "info", at.name, text, at.line, at.file, at.way)


def _of(frame: Frame, place: Place, inner: Frame | None) -> Iterator[Wait]:
    """What may be waited for at a place, or in what is called there."""
    if inner is not None:
        for spot in spots(inner):
            yield from _own(spot.frame, spot.place)
    else:
        yield from _own(frame, place)


def _own(frame: Frame, place: Place) -> Iterator[Wait]:
    told = place.state in frame.facts.told
    if place.kind == "wait":
        yield from (Wait("wait", command.__name__, told) for command in place.commands)
    elif place.kind == "approval":
        node = frame.node(place.state)
        yield Wait("approval", "" if node is None else node.waits_for, told)


def _watched(frame: Frame, place: Place) -> list[Wait]:
    found = [*_of(frame, place, frame.helper(place))]
    for call in place.calls:
        found += _of(frame, call, frame.member(place, call))
    return found


def _beside(frame: Frame, told: _Told) -> Iterator[Problem | Doubt]:
    """Of what is started, beside what comes after it."""
    for certain in (True, False):
        flow = _Flow(frame, hopeful=certain)
        for name, state in flow.again:
            at = _Place(name, flow.line(name), frame.file, frame.way_to(state))
            waits, names = flow.waits[name], f"two calls of {name!r}"
            yield from told.pair(at, waits, waits, names, certain=certain)
        for state, place in frame.program.places.items():
            others = flow.beside(state)
            for number, name in enumerate(others):
                at = _Place(name, flow.line(name), frame.file, frame.way_to(state))
                for other in others[:number]:
                    names = f"{other!r} and {name!r}"
                    first, second = flow.waits[other], flow.waits[name]
                    yield from told.pair(at, first, second, names, certain=certain)
                here = _Place(frame.full(state), place.line, frame.file, at.way)
                names = f"{name!r} and {here.name!r}"
                watched = _watched(frame, place)
                yield from told.pair(here, flow.waits[name], watched, names, certain=certain)


class _Flow:
    """Which of the calls that a function starts may be under way in each of its states.

    Attributes:
        under_way: their names, by state.
        waits: what each may wait for, by name.
        again: those that may be started beside themselves, and behind which state.

    Args:
        hopeful: what is awaited or cancelled somewhere is over behind that; otherwise, what
            surely is.
    """

    def __init__(self, frame: Frame, *, hopeful: bool) -> None:
        self._frame = frame
        self._hopeful = hopeful
        self.waits: dict[str, list[Wait]] = {}
        self._lines: dict[str, int] = {}
        self._made = self._begun()
        self._vague = [state for state, one in frame.facts.joins.items() if not one.certain]
        self.under_way: dict[str, frozenset[str]] = {frame.program.machine.initial: frozenset()}
        self.again: dict[tuple[str, str], None] = {}
        todo = [*self.under_way]
        while todo:
            state = todo.pop()
            out = self._out(state, self.under_way[state])
            for end in frame.following.get(state, ()):
                wider = self.under_way.get(end, frozenset()) | out
                if end not in self.under_way or wider != self.under_way[end]:
                    self.under_way[end] = wider
                    todo.append(end)

    def beside(self, state: str) -> list[str]:
        """What is under way in a state; hopefully not what some await before may have ended."""
        names = self.under_way.get(state, frozenset())
        if self._hopeful:
            names -= {name for at in self._vague if state in self._frame.behind.get(at, ())
                      for name in self._held(at)}  # fmt: skip
        return sorted(names)

    def _held(self, state: str) -> frozenset[str]:
        return frozenset(map(self._frame.full, self._frame.joined(state).held))

    def line(self, name: str) -> int:
        """Where a call is written."""
        return self._lines[name]

    def _begun(self) -> Mapping[str, dict[str, bool]]:
        """What is begun behind each state, what its helper leaves under way included."""
        frame, found = self._frame, dict[str, dict[str, bool]]()
        for state, calls in frame.facts.begun.items():
            found[state] = {}
            for name, several in calls.items():
                if self._hopeful and name in frame.facts.cancelled:
                    continue
                call, full = frame.program.calls[name], frame.full(name)
                self.waits[full] = [*_of(frame, call, frame.started(name))]
                self._lines[full] = call.line
                found[state][full] = several
        for state, place in frame.program.places.items():
            inner = frame.helper(place)
            if inner is not None and inner.begun:
                flow = _Flow(inner, hopeful=self._hopeful)
                self.waits |= flow.waits
                self._lines |= flow._lines
                left = flow.under_way.get("completed", frozenset())
                found.setdefault(state, {}).update(dict.fromkeys(left, False))
        return found

    def _out(self, state: str, under_way: frozenset[str]) -> frozenset[str]:
        left = under_way - self._over(state, under_way)
        for name, several in self._made.get(state, {}).items():
            if several or name in left:
                self.again[name, state] = None
            left |= {name}
        return left

    def _over(self, state: str, under_way: frozenset[str]) -> frozenset[str]:
        """What has come to its end when a state is left."""
        place = self._frame.program.places.get(state)
        if place is None or place.kind != "join":
            return frozenset()
        joined = self._frame.joined(state)
        if self._hopeful and joined.unsure:
            return under_way
        if not self._hopeful and (not joined.certain or place.how == "race"):
            return frozenset()
        return self._held(state)
