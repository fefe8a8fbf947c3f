"""Bounded model checking of a lifecycle: every place that its runs can come to, looked at once.

Breadth first, so that the way to each place is a shortest one. What decides is the author's own
code, asked through the same pure functions as in a run; there is no second description of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.errors import BadDefinition, EndlessChain, HandlerFailed, Refused
from interlock.machines.kernel import Snapshot, readable
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.lifecycle_program import LifecycleProgram, Taken
from interlock.machines.lifecycle_refusal import is_final
from interlock.machines.proof.domain import Domain, Samples, instances
from interlock.machines.proof.invariant import Invariant, invariants_of
from interlock.machines.proof.result import Event, Trace
from interlock.machines.shapes import fields_of

LIMIT = 20_000
"""How many places are looked at, unless another number is given."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run can stand.

    Attributes:
        snapshot, data: its states and its data.
        before: number of the place that it was come to from first, -1 for a beginning.
        event: what led here from there.
        ways: numbers of the places that one event leads to.
    """

    snapshot: Snapshot
    data: Any
    before: int
    event: Event | None
    ways: set[int] = field(default_factory=set[int])


@dataclass
class Found:
    """What an exploration saw.

    Attributes:
        program: of the lifecycle.
        places: in the order in which they were come to.
        taken: the transitions that were taken, by id.
        broken: for each invariant that does not hold, where first, and why.
        failed: what the author's code raised first: where, at which event, and how.
        looked: from how many of them was looked on, the first ones.
        whole: every command was tried with every value that it can have.
        samples: what was tried in place of all, in words.
        invariants: that were looked at.
    """

    program: LifecycleProgram
    invariants: Sequence[Invariant]
    places: list[Place] = field(default_factory=list[Place])
    taken: set[str] = field(default_factory=set[str])
    broken: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
    failed: tuple[int, Event, str] | None = None
    looked: int = 0
    whole: bool = True
    samples: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether there is no place left to look from."""
        return self.looked == len(self.places)

    def trace(self, number: int, last: Event | None = None) -> Trace:
        """The way to a place that was found first, which is a shortest one."""
        here = place = self.places[number]
        events: list[Event] = []
        while place.event is not None:
            events.append(place.event)
            place = self.places[place.before]
        state = readable(self.program.machine, here.snapshot.active)
        return Trace(place.data, tuple(reversed(events)), state, here.data, last)


def explore(
    kind: type[Lifecycle[Any, Any]],
    *,
    starts: Iterable[BaseModel] = (),
    samples: Samples | None = None,
    invariants: Iterable[Invariant] = (),
    limit: int = LIMIT,
) -> Found:
    """Look at every place that a run of a lifecycle can come to.

    Args:
        starts: the data to begin with; without, the model's defaults, or every instance, or the
            first and the last where those cannot be listed.
        samples: values to try where a type has too many: by type, by model, or by field as
            `{"Pay.amount": [Decimal(1)]}`.
        invariants: besides those of the class.
        limit: places to look at, at most.

    Raises:
        BadDefinition: the values of a field cannot be listed, and there are no samples of it.
    """
    program = kind.program()
    found = Found(program, [*invariants_of(kind), *invariants])
    _Search(found, samples or {}, limit).run([*starts])
    return found


class _Search:
    """One exploration."""

    def __init__(self, found: Found, samples: Samples, limit: int) -> None:
        self.found = found
        self.program = found.program
        self.samples = samples
        self.limit = limit
        self._known: dict[object, int] = {}
        self._todo: deque[int] = deque()
        self._commands: list[Command] = []

    def run(self, starts: list[BaseModel]) -> None:
        """Look until nothing is left, or the limit is reached."""
        for command in self.program.commands.values():
            listed = self._listed(instances(command, self.samples))
            if not listed:
                message = f"no {command.__name__} can be made of what is tried: give other samples"
                raise BadDefinition(message)
            self._commands += listed
        self._check_samples()
        for data in starts or self._starts():
            self._come(self.program.begin(data), -1, None)
        while self._todo and len(self.found.places) <= self.limit:
            number = self._todo.popleft()
            self.found.looked = number + 1
            for event, taken in self._moves(number):
                self._come(taken, number, event)

    def _check_samples(self) -> None:
        """Samples by name have to be of a class that is listed: the names are easily mistyped."""
        known = {cls.__name__: cls for cls in self._classes()}
        for key in self.samples:
            name, dot, field = key.partition(".") if isinstance(key, str) else ("", "", "")
            cls = known.get(name)
            if isinstance(key, str) and (cls is None or (dot and field not in fields_of(cls))):
                message = (
                    f"samples names {key!r}; there are {', '.join(sorted(known))}, and fields as "
                    f"{next(iter(known), 'Command')}.name"
                )
                raise BadDefinition(message)

    def _classes(self) -> Iterator[type[Any]]:
        yield from self.program.commands.values()
        yield self.program.data_type
        for _, cls in self.program.types:
            if not cls.__module__.startswith("interlock."):
                yield cls

    def _listed(self, domain: Domain) -> tuple[Any, ...]:
        self.found.whole = self.found.whole and domain.whole
        self.found.samples = tuple(dict.fromkeys((*self.found.samples, *domain.samples)))
        return domain.values

    def _starts(self) -> Sequence[Any]:
        model = self.program.data_type
        if all(not f.is_required() for f in model.model_fields.values()):
            return [model()]
        try:
            domain = instances(model, self.samples)
            every = self._listed(domain)
            return every if domain.whole else (*every[:1], *every[1:][-1:])
        except BadDefinition as error:
            message = f"{error.message}; or say with which data runs begin: starts=[...]"
            raise BadDefinition(message) from None

    def _come(self, taken: Taken, before: int, event: Event | None) -> None:
        """Note where something leads, if nobody has been there."""
        last = taken.then[-1] if taken.then else taken
        for step in (taken, *taken.then):
            self.found.taken.update(edge.id for edge in step.edges)
        snapshot, data = last.step.after, last.data
        key = (snapshot.active, tuple(sorted(snapshot.history.items())), data.model_dump_json())
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self.found.places)
            self.found.places.append(Place(snapshot, data, before, event))
            self._todo.append(number)
            self._look(number)
        if before >= 0:
            self.found.places[before].ways.add(number)

    def _look(self, number: int) -> None:
        place, broken = self.found.places[number], self.found.broken
        for invariant in self.found.invariants:
            if invariant.name not in broken:
                why = invariant.broken(place.snapshot.active, place.data)
                if why is not None:
                    broken[invariant.name] = number, why

    def _moves(self, number: int) -> Iterator[tuple[Event, Taken]]:
        """What can happen at a place, and where that leads."""
        place = self.found.places[number]
        if is_final(self.program.chart, place.snapshot):
            return
        for command in self._commands:
            name = type(command).__name__
            taken = self._try(number, Event(name, command, "", ""))
            if taken is not None:
                yield Event(name, command, "", _end(taken)), taken
        for state in place.snapshot.active:
            timers = self.program.timers(state)
            first = min((delay for _, delay in timers), default=None)
            for edge, delay in timers:
                if delay != first:
                    continue  # the other one has left the state before
                name = next(e.event for e in self.program.machine.edges if e.id == edge)
                taken = self._try(number, Event(name, None, edge, ""))
                if taken is not None:
                    yield Event(name, None, edge, _end(taken)), taken

    def _try(self, number: int, event: Event) -> Taken | None:
        place = self.found.places[number]
        try:
            if event.command is not None:
                return self.program.decide(place.snapshot, place.data, event.command)
            return self.program.expire(place.snapshot, place.data, event.edge)
        except Refused:
            if event.command is not None:
                self._refused(place, event.command)
            return None
        except (HandlerFailed, EndlessChain) as error:
            if self.found.failed is None:
                self.found.failed = number, event, error.message
            return None

    def _refused(self, place: Place, command: Command) -> None:
        if self.program.unhandled(place.snapshot, command) == "defer":
            said = f"{type(command).__name__} is not looked at where it is kept for later"
            self.found.whole = False
            self.found.samples = tuple(dict.fromkeys((*self.found.samples, said)))


def _end(taken: Taken) -> str:
    return (taken.then[-1] if taken.then else taken).target
