"""Bounded model checking of a system: every place that its members can come to together."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, cast

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.proof.domain import Samples
from interlock.machines.proof.explore import LIMIT, Listed
from interlock.machines.proof.in_time import LOOKED, UNTIMELY, UNTOLD, in_time, is_loose
from interlock.machines.proof.invariant import invariants_of
from interlock.machines.proof.joint import Happens, Joint, Leads, Where
from interlock.machines.proof.result import Event, Result, Trace, Verdict, told_starts
from interlock.machines.proof.together import Together, joint_invariants

_FAILS = "no method fails"
_ACCEPTED = "every command that is sent is accepted"


@dataclass
class JointFound:
    """What an exploration of a system saw.

    Attributes:
        joint: its moves.
        places: in the order in which they were come to.
        before, by: of each, where it was come to from first, and by what.
        ways: of each that was looked on from, the numbers of those that one event leads to.
        broken: the invariants that do not hold: where first, and why.
        refused: where first a command that was sent is refused, and which.
        failed: where first the author's code failed, at which event, and how.
        whole, samples, begun: see `Found`.
        untimely: how often each was seen in a place that nothing comes to in time.
    """

    joint: Joint
    whole: bool
    samples: tuple[str, ...]
    begun: str = ""
    places: list[Where] = field(default_factory=list[Where])
    before: array[int] = field(default_factory=lambda: array("l"))
    by: list[Happens | None] = field(default_factory=list["Happens | None"])
    ways: list[array[int]] = field(default_factory=list["array[int]"])
    broken: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
    refused: tuple[int, Happens] | None = None
    failed: tuple[int, Happens, str] | None = None
    untimely: Counter[str] = field(default_factory=Counter[str])

    @property
    def complete(self) -> bool:
        """Whether there is no place left to look from."""
        return len(self.ways) == len(self.places)

    @property
    def bound(self) -> str:
        """How far was looked, in words; "" for everywhere."""
        parts = [] if self.complete else [f"{len(self.ways)} places looked at, more are left"]
        if self.joint.full:
            parts.append("more commands on their way or kept for later are not looked at")
        return "; ".join([*parts, *([] if self.whole else self.samples)])

    @property
    def verdict(self) -> Verdict:
        """On what was broken nowhere."""
        return "bounded" if self.bound else "proved"

    def trace(self, number: int, last: Happens | None = None) -> Trace:
        """The way to a place that was found first, which is a shortest one."""
        joint, here, events = self.joint, number, list[Event]()
        end = None if last is None else self._event(here, last, "")
        while (happens := self.by[number]) is not None:
            before = self.before[number]
            events.append(self._event(before, happens, joint.words(self.places[number])))
            number = before
        start = {name: one.data for name, one in joint.here(self.places[number]).items()}
        data = {name: one.data for name, one in joint.here(self.places[here]).items()}
        words = joint.words(self.places[here])
        return Trace(start, tuple(reversed(events)), words, data, end)

    def in_time(self, name: str, number: int, last: Happens | None = None) -> bool:
        """Whether a counter-example agrees with the lengths of timers; a few are looked at."""
        if self.untimely[name] >= LOOKED:
            return False
        trace = self.trace(number, last)
        events = trace.events if trace.last is None else (*trace.events, trace.last)
        programs = {member.name: member.program for member in self.joint.members}
        if in_time(programs, trace.start, events):
            return True
        self.untimely[name] += 1
        return False

    def holds(self, code: str, text: str, name: str = "", about: str = "") -> Result:
        """The verdict on what was not seen broken in time."""
        said = [UNTIMELY] if self.untimely[name or text] else []
        bound = "; ".join(one for one in (*said, self.bound) if one)
        return Result(code, text, "bounded" if bound else "proved", bound=bound, about=about)

    def possible(self, code: str, text: str, bound: str) -> Result:
        """The verdict on what can be come to."""
        if is_loose([member.program for member in self.joint.members]):
            bound = "; ".join(one for one in (bound, UNTOLD) if one)
        return Result(code, text, "bounded" if bound else "proved", bound=bound)

    def _event(self, before: int, happens: Happens, state: str) -> Event:
        member = self.joint.members[happens.who[0]]
        asked = member.asks[happens.asks[0]]
        who = member.name if len(happens.who) == 1 else ""
        return Event(asked.name, asked.command, asked.edge, state, who, happens.sent >= 0)


def explore_together(
    kind: type[Together],
    *,
    starts: Iterable[Mapping[str, BaseModel]] = (),
    samples: Samples | None = None,
    limit: int = LIMIT,
) -> JointFound:
    """Look at every place that the members of a system can come to together.

    Args:
        starts: the data that members begin with, by name; see `explore` for those left out.
        samples: see `explore`; for all members.
        limit: places to look at, at most.

    Raises:
        BadDefinition: the values of a field cannot be listed, and there are no samples of it.
    """
    listed = {
        name: Listed(member.program(), samples or {}, shared=True)
        for name, member in kind.members.items()
    }
    every: dict[type[Command], Sequence[Command]] = {}
    for one in listed.values():
        for command in one.commands():
            every[type(command)] = [*every.get(type(command), ()), command]
    begun = [*(starts or [{}])]
    joint = Joint(kind, lambda command: _once(every[command]))
    first = [
        dict(zip(listed, data, strict=True))
        for given in begun
        for data in product(
            *([given[n]] if n in given else one.starts() for n, one in listed.items())
        )
    ]
    whole = all(one.whole for one in listed.values())
    said = dict.fromkeys(text for one in listed.values() for text in one.samples)
    found = JointFound(joint, whole, tuple(said), _begun(listed, first))
    _look(found, kind, first, limit)
    return found


def _begun(listed: Mapping[str, Listed], starts: Sequence[Mapping[str, Any]]) -> str:
    """What the members begin with, in words."""
    told = {n: "" if o.every else told_starts([s[n] for s in starts]) for n, o in listed.items()}
    return ", ".join(f"{name} {words}" for name, words in told.items() if words)


def _once(commands: Sequence[Command]) -> list[Command]:
    found: list[Command] = []
    for command in commands:
        if command not in found:
            found.append(command)
    return found


def _look(
    found: JointFound, kind: type[Together], starts: list[dict[str, Any]], limit: int
) -> None:
    search = _Search(found, kind)
    for data in starts:
        search.come(Leads(found.joint.begin(data)), -1, None)
    while len(found.ways) < len(found.places) <= limit:
        number = len(found.ways)
        found.ways.append(array("l"))
        for happens, leads in found.joint.moves(found.places[number]):
            search.come(leads, number, happens)


class _Search:
    def __init__(self, found: JointFound, kind: type[Together]) -> None:
        self.found = found
        self._known: dict[Where, int] = {}
        self._joint = joint_invariants(kind)
        self._own = {n: invariants_of(member) for n, member in kind.members.items()}
        self._sound: set[tuple[int, int]] = set()

    def come(self, leads: Leads, before: int, happens: Happens | None) -> None:
        """Note where something leads."""
        found = self.found
        if happens is not None and leads.failed is not None:
            if found.failed is None and found.in_time(_FAILS, before, happens):
                found.failed = before, happens, leads.failed.message
            return
        first = happens is not None and leads.refused and found.refused is None
        if first and found.in_time(_ACCEPTED, before, happens):
            found.refused = before, cast("Happens", happens)
        number = self._known.get(leads.to)
        if number is None:
            number = self._known[leads.to] = len(found.places)
            found.places.append(leads.to)
            found.before.append(before)
            found.by.append(happens)
            self._look(number, leads.to)
        if before >= 0:
            found.ways[before].append(number)

    def _look(self, number: int, where: Where) -> None:
        joint, broken = self.found.joint, self.found.broken
        for place, (member, at) in enumerate(zip(joint.members, where[0], strict=True)):
            if (place, at) not in self._sound:
                self._sound.add((place, at))
                stand = member.stands[at]
                for one in self._own[member.name]:
                    name = f"{member.name}.{one.name}"
                    why = one.broken(stand.snapshot.active, stand.data)
                    if why is None or name in broken:
                        continue
                    if self.found.in_time(name, number):
                        broken[name] = number, why
                    else:  # another way there may be one in time
                        self._sound.discard((place, at))
        if self._joint:
            here = joint.here(where)
            for joint_one in self._joint:
                why = None if joint_one.name in broken else joint_one.broken(here)
                if why is not None and self.found.in_time(joint_one.name, number):
                    broken[joint_one.name] = number, why


def prove_together(
    kind: type[Together],
    *,
    starts: Iterable[Mapping[str, BaseModel]] = (),
    samples: Samples | None = None,
    limit: int = LIMIT,
) -> list[Result]:
    """A verdict on each property of a system; see `explore_together` for what is given.

    Its invariants and those of its members hold, no method fails, every command that is sent is
    accepted, the system is not stuck, its end can be reached from everywhere, and every
    transition of its members can be taken.

    Raises:
        BadDefinition: the values of a field cannot be listed, and there are no samples of it.
    """
    found = explore_together(kind, starts=starts, samples=samples, limit=limit)
    results = [result for look in _LOOKS for result in look(found)]
    return [replace(result, start=found.begun) for result in results]


def _invariants(found: JointFound) -> Iterator[Result]:
    kind = found.joint.kind
    own = [f"{n}.{i.name}" for n, member in kind.members.items() for i in invariants_of(member)]
    for name in (*(one.name for one in joint_invariants(kind)), *own):
        text = f"{name} holds"
        if name in found.broken:
            number, why = found.broken[name]
            trace = found.trace(number)
            reason = why or f"it does not with {trace.data!r}"
            yield Result("ILK170", text, "refuted", reason, trace, about=name)
        else:
            yield found.holds("ILK170", text, name, name)


def _failures(found: JointFound) -> Iterator[Result]:
    if found.failed is None:
        yield found.holds("ILK171", _FAILS)
        return
    number, happens, why = found.failed
    reason = f"{why} (places looked at: {len(found.ways)})"
    yield Result("ILK171", _FAILS, "refuted", reason, found.trace(number, happens))


def _refusals(found: JointFound) -> Iterator[Result]:
    """ILK302: a command that one machine sends and the other refuses."""
    text = _ACCEPTED
    if found.refused is None:
        yield found.holds("ILK302", text)
        return
    number, happens = found.refused
    member = found.joint.members[happens.who[0]]
    asked = member.asks[happens.asks[0]].name
    words = member.here(found.places[number][0][happens.who[0]]).state
    reason = f"{asked} is refused by {member.name} in {words!r}"
    yield Result("ILK302", text, "refuted", reason, found.trace(number, happens), about=asked)


def _stuck(found: JointFound) -> Iterator[Result]:
    text = "the system is not stuck"
    failing = -1 if found.failed is None else found.failed[0]
    for number, ways in enumerate(found.ways):
        over = ways or number == failing or found.joint.over(found.places[number])
        if not over and found.in_time(text, number):
            trace = found.trace(number)
            reason = f"nothing moves on: {trace.state}"
            verdict: Verdict = "bounded" if found.joint.full or not found.whole else "refuted"
            yield Result("ILK172", text, verdict, reason, trace, found.bound, trace.state)
            return
    yield found.holds("ILK172", text)


def _ends(found: JointFound) -> Iterator[Result]:
    if not any(member.program.final for member in found.joint.members):
        return
    text = "the end of all can be reached from everywhere"
    back = [array("l") for _ in found.places]
    for number, ways in enumerate(found.ways):
        for way in ways:
            back[way].append(number)
    ending = [found.joint.over(where) for where in found.places]
    todo = [number for number, over in enumerate(ending) if over]
    while todo:
        for number in back[todo.pop()]:
            if not ending[number]:
                ending[number] = True
                todo.append(number)
    if all(ending) or not found.complete:
        yield found.possible("ILK173", text, found.bound)
        return
    lost = (number for number, over in enumerate(ending) if not over)
    first = next((number for number in lost if found.in_time(text, number)), None)
    if first is None:
        yield found.holds("ILK173", text)
        return
    trace = found.trace(first)
    verdict: Verdict = "bounded" if found.bound else "refuted"
    reason = f"nothing leads on to it from {trace.state}"
    yield Result("ILK173", text, verdict, reason, trace, found.bound, trace.state)


def _transitions(found: JointFound) -> Iterator[Result]:
    every = True
    for member in found.joint.members:
        for edge in member.program.machine.edges:
            if edge.id not in member.taken:
                every = False
                text = f"{member.name}: {edge.id} ({edge.event}) can be taken"
                verdict: Verdict = "bounded" if found.bound else "refuted"
                about = f"{member.name}.{edge.id}"
                yield Result("ILK174", text, verdict, "it never is", None, found.bound, about)
    if every:
        yield found.possible("ILK174", "every transition can be taken", "")


_LOOKS = (_invariants, _failures, _refusals, _stuck, _ends, _transitions)
