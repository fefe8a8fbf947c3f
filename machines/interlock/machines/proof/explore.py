"""Bounded model checking of a lifecycle: every place that its runs can come to, looked at once.

Breadth first, so that the way to each place is a shortest one. What decides is the author's own
code, asked through the same pure functions as in a run; there is no second description of it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.errors import BadDefinition
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.proof.copying import quick_copies
from interlock.machines.proof.domain import Domain, Samples, instances
from interlock.machines.proof.found import Found, Place
from interlock.machines.proof.invariant import Invariant, invariants_of
from interlock.machines.proof.moving import Moving
from interlock.machines.proof.result import told_starts
from interlock.machines.proof.search import Search
from interlock.machines.shapes import fields_of

__all__ = ["LIMIT", "Found", "Place", "explore"]

LIMIT = 20_000
"""How many places are looked at, unless another number is given."""


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
    found = Found(program, every)
    with quick_copies([program.data_type, *(cls for _, cls in program.types)]):
        for exactly in (False, True):
            found = Found(program, every, whole=listed.whole, samples=listed.samples, begun=told)
            moving = Moving(program, commands, exactly=exactly)
            if Search(found, moving, limit).run(begun if exactly else copy.deepcopy(begun)):
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
