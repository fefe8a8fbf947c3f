"""Guards by name: what the text of an edge's guard means, and the functions behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from interlock.machines.guard import Check, Guard, Refuse
from interlock.machines.interchange.leftover import UnknownFunction
from interlock.machines.ir import Machine

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_NOT = re.compile(r"(?:not\s+|!\s*)")
_AND = re.compile(r"\s+and\s+|\s*&&\s*")


class Named(NamedTuple):
    """One condition of a guard.

    Attributes:
        name: of the function.
        negated: it has to say no.
    """

    name: str
    negated: bool = False

    def __str__(self) -> str:
        return f"not {self.name}" if self.negated else self.name


def is_name(text: str) -> bool:
    """Whether a text can be the name of a guard: identifiers, joined by dots."""
    return _NAME.fullmatch(text) is not None and text not in ("not", "and", "or")


def named_guards(text: str) -> tuple[Named, ...]:
    """The conditions in an edge's guard, such as `paid and not frozen`: all must hold, in order.

    A text of any other form is one condition, whose name is the whole text.
    """
    if not text.strip():
        return ()
    found: list[Named] = []
    for part in _AND.split(text.strip()):
        negation = _NOT.match(part)
        name = part[negation.end() :] if negation else part
        if not is_name(name):
            return (Named(text),)
        found.append(Named(name, negation is not None))
    return tuple(found)


def guard_text(conditions: Iterable[Named]) -> str:
    """Conditions as an edge's guard; `named_guards` reads them back."""
    return " and ".join(map(str, conditions))


def is_expression(text: str) -> bool:
    """Whether a guard's text is more than names joined by `and` and `not`."""
    return any(not is_name(condition.name) for condition in named_guards(text))


def bind_guards(machine: Machine, guards: Mapping[str, Guard]) -> dict[str, tuple[Guard, ...]]:
    """The functions behind each guarded edge, by the edge's id: what a selector is given.

    Args:
        machine: its edges name guards.
        guards: `(data, command) -> bool | Refuse(...)` by name. Names that the machine does not
            mention are allowed.

    Raises:
        UnknownFunction: the machine names some that are not given.
    """
    missing = sorted({c.name for c in conditions_of(machine)} - guards.keys())
    if missing:
        text = f"{machine.name} names guards that were not given: {', '.join(missing)}"
        raise UnknownFunction(text)
    return {
        edge.id: tuple(_bound(c, guards[c.name]) for c in named_guards(edge.guard))
        for edge in machine.edges
        if edge.guard
    }


def conditions_of(machine: Machine) -> Iterator[Named]:
    """Every condition of every edge."""
    for edge in machine.edges:
        yield from named_guards(edge.guard)


def _bound(condition: Named, guard: Guard) -> Guard:
    """The guard under the name that the machine knows it by, turned round where that says so."""
    name = str(condition)
    if not condition.negated and getattr(guard, "__name__", None) == name:
        return guard

    def check(data: Any, command: Any) -> Check:
        answer: Any = guard(data, command)
        known = isinstance(answer, bool | Refuse)  # anything else is for the selector to report
        return not answer if condition.negated and known else answer

    check.__name__ = name
    return check
