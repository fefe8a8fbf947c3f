"""From a lifecycle's class to its levels: who is nested in whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast, get_args, get_origin

from pydantic import BaseModel

from interlock.machines.lifecycle_check import refuse
from interlock.machines.lifecycle_declared import Declared, RegionHead
from interlock.machines.rule import rules_of

REGION = "__interlock_region__"
"""Where a region's class keeps its head."""


@dataclass(frozen=True, slots=True)
class Bases:
    """The classes that authors subclass."""

    lifecycle: type
    region: type


def levels_of(owner: type, head: RegionHead, bases: Bases) -> Declared:
    """The lifecycle with all its regions.

    Raises:
        BadDefinition: with the file and line of what is wrong.
    """
    states, data = _arguments(owner, bases.lifecycle, "Lifecycle[Status, Data]")
    return Declared(
        owner=owner,
        states=states,
        data=data,
        initial=head.initial,
        final=head.final,
        methods=_methods(owner),
        unhandled=head.unhandled,
        regions=_regions(owner, states, None, bases),
    )


def _regions(
    owner: type, states: type[StrEnum], parent: str | None, bases: Bases
) -> tuple[Declared, ...]:
    classes = _inner_classes(owner, bases)
    heads: list[RegionHead] = [getattr(region, REGION) for region in classes]
    found: list[Declared] = []
    for region, head in zip(classes, heads, strict=True):
        if type(head.of) is not states:
            what = f"of={head.of!r} is not one of the states around it, {states.__qualname__}"
            raise refuse(region, what)
        place = head.of.value if parent is None else f"{parent}/{head.of.value}"
        alone = sum(other.of == head.of for other in heads) == 1
        name = "" if alone and not head.name else head.name or _in_words(region.__name__)
        inside = f"{place}/{name}" if name else place
        own, data = _arguments(region, bases.region, "Region[Status, Data]")
        found.append(
            Declared(
                owner=region,
                states=own,
                data=data,
                initial=head.initial,
                final=head.final,
                methods=_methods(region),
                parent=inside,
                of=head.of,
                name=name,
                unhandled=head.unhandled,
                regions=_regions(region, own, inside, bases),
            )
        )
    return tuple(found)


def _inner_classes(owner: type, bases: Bases) -> list[type]:
    """The regions in the order of the classes; one may override one above of its name."""
    found: dict[str, type] = {}
    for klass in reversed(owner.__mro__):
        for name, member in vars(klass).items():
            if isinstance(member, type) and issubclass(member, bases.region):
                found[name] = member
            else:
                found.pop(name, None)
    return list(found.values())


def _arguments(owner: type, base: type, instead: str) -> tuple[type[StrEnum], type[BaseModel]]:
    """The enumeration and the model in `Lifecycle[Status, OrderData]`."""
    for klass in owner.__mro__:
        for parent in vars(klass).get("__orig_bases__", ()):
            if get_origin(parent) is base:
                states, data = get_args(parent)
                if not (isinstance(states, type) and issubclass(states, StrEnum) and list(states)):
                    raise refuse(owner, f"{states!r} is not a StrEnum with the states as members")
                if not (isinstance(data, type) and issubclass(data, BaseModel)):
                    raise refuse(owner, f"{data!r} is not a pydantic model for the data")
                return states, data
    raise refuse(owner, f"write {instead}: a StrEnum and a pydantic model")


def _methods(owner: type) -> dict[str, Callable[..., Any]]:
    """The methods with rules, in the order of the classes; a method may override one above."""
    found: dict[str, Callable[..., Any]] = {}
    for klass in reversed(owner.__mro__):
        for name, member in vars(klass).items():
            if rules_of(member):
                found[name] = cast("Callable[..., Any]", member)
            elif name in found:
                del found[name]  # overridden without a rule: it is a transition no more
    return found


def _in_words(name: str) -> str:
    """`TrialPeriod` as `trial period`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_+", " ", name).strip().lower()
