"""Bounded model checking of a lifecycle: every place that its runs can come to, looked at once.

Breadth first, so that the way to each place is a shortest one. What decides is the author's own
code, asked through the same pure functions as in a run; there is no second description of it.
"""

from __future__ import annotations

import copy
import gc
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.errors import BadDefinition
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.proof.asking import Failed, Move
from interlock.machines.proof.domain import Domain, Samples, instances
from interlock.machines.proof.found import Found, Place
from interlock.machines.proof.invariant import Invariant, invariants_of
from interlock.machines.proof.keys import Key, key_of
from interlock.machines.proof.moving import KEPT, Moving
from interlock.machines.proof.result import Event, told_starts
from interlock.machines.shapes import fields_of

__all__ = ["LIMIT", "Found", "Place", "explore"]

LIMIT = 20_000
"""How many places are looked at, unless another number is given."""

_REMEMBERED = 200_000
"""How many places keep their data; those of others are computed again when asked for."""


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
    every = [*invariants_of(kind), *invariants]
    listed = Listed(program, samples or {})
    commands = listed.commands()
    begun = [*starts] or [*listed.starts()]
    told = "" if listed.every else told_starts(begun)
    for exactly in (False, True):
        found = Found(program, every, whole=listed.whole, samples=listed.samples, begun=told)
        moving = Moving(program, commands, exactly=exactly)
        if _Search(found, moving, limit).run(begun if exactly else copy.deepcopy(begun)):
            break
    return found


class Listed:
    """The values that are tried.

    Attributes:
        whole: they are all that there are.
        samples: what is tried in place of all, in words.
        every: runs begin with all the data that there are.

    Args:
        shared: the samples are for others as well: names of theirs are not looked at.
    """

    def __init__(self, program: LifecycleProgram, given: Samples, *, shared: bool = False) -> None:
        self.program = program
        self._shared = shared
        self._given = given
        self.whole = True
        self.every = False
        self.samples: tuple[str, ...] = ()

    def commands(self) -> list[Command]:
        """Every command that is tried.

        Raises:
            BadDefinition: none can be made; or samples are of nothing.
        """
        found: list[Command] = []
        for command in self.program.commands.values():
            listed = self._listed(instances(command, self._given))
            if not listed:
                message = f"no {command.__name__} can be made of what is tried: give other samples"
                raise BadDefinition(message)
            found += listed
        if not self._shared:
            self._check_samples()
        return found

    def _check_samples(self) -> None:
        """Samples by name have to be of a class that is listed: the names are easily mistyped."""
        known = {cls.__name__: cls for cls in self._classes()}
        for key in self._given:
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
        self.whole = self.whole and domain.whole
        self.samples = tuple(dict.fromkeys((*self.samples, *domain.samples)))
        return domain.values

    def starts(self) -> Sequence[Any]:
        model = self.program.data_type
        if all(not f.is_required() for f in model.model_fields.values()):
            return [model()]
        try:
            domain = instances(model, self._given)
            every = self._listed(domain)
            self.every = domain.whole
            return every if domain.whole else (*every[:1], *every[1:][-1:])
        except BadDefinition as error:
            message = f"{error.message}; or say with which data runs begin: starts=[...]"
            raise BadDefinition(message) from None


class _Search:
    """One exploration."""

    def __init__(self, found: Found, moving: Moving, limit: int) -> None:
        self.found = found
        self.moving = moving
        self.limit = limit
        self._known: dict[Key, int] = {}
        self._keys: list[Key] = []
        self._key = key_of(moving.program.data_type)
        self._entered: set[int] = set()
        found.asks, found.configurations = moving.asks, moving.places
        found.taken, found.entered, found.again = moving.taken, moving.entered, self._again
        self._open = list(found.invariants)

    def run(self, starts: list[Any]) -> bool:
        """Look until nothing is left, or the limit is reached; False where code is not pure."""
        collecting = gc.isenabled()
        gc.disable()  # nothing of what is made goes round in circles
        try:
            for data in starts:
                move = self.moving.begin(data)
                self._come(move, self._key(move[1]), -1, -1)
            return self._all()
        finally:
            if collecting:
                gc.enable()

    def _all(self) -> bool:
        found, limit = self.found, self.limit
        while found.looked < len(found.at) and len(found.at) <= limit:
            if not self._from(found.looked):
                return False
        if self.moving.full:
            said = f"at most {KEPT} commands kept for later at a time"
            found.whole, found.samples = False, (*found.samples, said)
        return True

    def _from(self, number: int) -> bool:
        """Look on from one place; False when its data have changed by that."""
        found = self.found
        found.looked = number + 1
        found.starts.append(len(found.onward))
        at, data = found.at[number], found.data[number]
        if found.configurations[at].final:
            return True
        known, key_of, onward = self._known, self._key, found.onward
        mine = self._keys[number]
        for ask, move in self.moving.moves(at, data, found.kept[number]):
            if move is None:
                self._failed(number, ask, at)
                continue
            to, new, kept, entered = move
            own = mine if new is data else key_of(new)
            again = None if entered else known.get((to, own, kept))
            if again is None:
                self._come(move, own, number, ask)
            else:
                onward.append(again)
        same = self._key(data) == self._keys[number]
        if number >= _REMEMBERED:
            found.data[number] = None
        return same

    def _failed(self, number: int, ask: int, at: int) -> None:
        if self.found.failed is None:
            asked = self.moving.asks[ask]
            try:
                self.moving.exact(ask, at, self.found.data[number])
            except Failed as error:
                event = Event(asked.name, asked.command, asked.edge, "")
                self.found.failed = number, event, str(error)

    def _come(self, move: Move, own: Key, before: int, ask: int) -> None:
        """Note where something leads, if nobody has been there."""
        found = self.found
        at, data, kept, entered = move
        key = at, own, kept
        number = self._known.get(key)
        if entered and (number is None or number not in self._entered):
            try:
                self.moving.enter(at, data)
            except Failed:
                self._failed(before, ask, found.at[before])
                return
            self._entered.add(len(found.at) if number is None else number)
        if number is None:
            number = self._known[key] = len(found.at)
            self._keys.append(own)
            found.at.append(at)
            found.kept.append(kept)
            found.before.append(before)
            found.by.append(ask)
            found.data.append(data)
            if self._open:
                self._look(number, at, data)
        if before >= 0:
            found.onward.append(number)

    def _look(self, number: int, at: int, data: Any) -> None:
        active = self.found.configurations[at].snapshot.active
        for invariant in self._open:
            why = invariant.broken(active, data)
            if why is not None:
                self.found.broken[invariant.name] = number, why
        if self.found.broken:
            self._open = [one for one in self._open if one.name not in self.found.broken]

    def _again(self, number: int) -> Any:
        """The data of a place that were let go: what led there happens once more."""
        found, way = self.found, list[int]()
        while found.data[number] is None:
            way.append(number)
            number = found.before[number]
        data = found.data[number]
        for place in reversed(way):
            start = found.before[place]
            for ask, move in self.moving.moves(found.at[start], data, found.kept[start]):
                if ask == found.by[place] and move is not None:
                    data = move[1]
                    break
        return data
