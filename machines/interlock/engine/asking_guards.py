"""Asks the guards of a lifecycle what they would say now, without a command at hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from interlock.machines.command import Command
from interlock.machines.guard import Guard, Refuse, guard_name
from interlock.machines.ir import ALWAYS, Edge
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.segment import at_instant
from interlock.projections import RunState
from interlock.projections.reasons.facts import Asked
from interlock.store.values import Memory


class _Wanted(Exception):
    """A guard wants to know a field of the command."""


def ask_guards(program: LifecycleProgram, state: RunState, now: datetime) -> dict[str, Asked]:
    """What each guarded transition of a run's states says, by the edge's id."""
    _, frame = Memory.restore(program.types, state.image)
    places: set[str] = set()
    for name in state.configuration:
        places.update(program.chart.upward(name))
    found: dict[str, Asked] = {}
    with at_instant(now):
        for edge in program.machine.edges:
            guards = program.guards(edge.id)
            if edge.source in places and guards:
                found[edge.id] = _ask(program, edge, guards, frame.get("data"))
    return found


def _ask(program: LifecycleProgram, edge: Edge, guards: tuple[Guard, ...], data: Any) -> Asked:
    """The answer of an edge's guards: the first no counts, as in a real decision."""
    seen: dict[str, Any] = {}
    depends: list[str] = []
    for guard in guards:
        read: dict[str, Any] = {}
        wanted: set[str] = set()
        try:
            answer: object = guard(_watched(data, read), _stand_in(program, edge, wanted))
        except _Wanted:
            answer = None
        except Exception as error:  # the author's guard: what it raised is the answer
            return Asked("depends", f"{guard_name(guard)} raised {type(error).__name__}: {error}")
        seen |= read
        if answer is False or isinstance(answer, Refuse):
            if not wanted:
                reason = answer.reason if isinstance(answer, Refuse) else "says no"
                return Asked("no", reason, _plain(seen))
            depends += [name for name in wanted if name not in depends]
        elif answer is not True or wanted:
            depends += [name for name in wanted if name not in depends]
    if depends:
        fields = ", ".join(sorted(depends))
        return Asked("depends", f"on the command's {fields}", _plain(seen))
    return Asked("yes", "", _plain(seen))


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: to_jsonable_python(one, fallback=repr) for name, one in values.items()}


def _watched(data: Any, read: dict[str, Any]) -> Any:
    """A copy of the data that notes which of its fields are looked at."""
    if not isinstance(data, BaseModel):
        return data
    kind = type(data)
    fields = kind.model_fields

    def look(self: Any, name: str) -> Any:
        value = object.__getattribute__(self, name)
        if name in fields:
            read[name] = value
        return value

    copied = data.model_copy()
    watching = type(kind.__name__, (kind,), {"__getattribute__": look, "__module__": __name__})
    try:
        object.__setattr__(copied, "__class__", watching)
    except TypeError:  # a class of another layout: its values are not told
        return data.model_copy()
    return copied


def _stand_in(program: LifecycleProgram, edge: Edge, wanted: set[str]) -> Any:
    """A command without fields: to ask for one tells which."""
    if edge.event == ALWAYS:
        return None
    kind = program.commands.get(edge.event)
    if kind is None:
        return None
    fields = kind.model_fields

    def look(self: Any, name: str) -> Any:
        if name in fields:
            wanted.add(name)
            raise _Wanted(name)
        return object.__getattribute__(self, name)

    made = kind.model_construct()
    standing: type[Command] = type(
        kind.__name__, (kind,), {"__getattribute__": look, "__module__": __name__}
    )
    object.__setattr__(made, "__class__", standing)
    return made
