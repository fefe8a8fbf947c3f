"""Small migrations to be put together: `compose(rename(order="basket"), add(currency="EUR"))`.

Each makes a function from variables to variables. A variable that is not there is passed over: it
is not live in every state.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from interlock.machines.errors import BadDefinition

Variables: TypeAlias = Mapping[str, Any]
Reshape: TypeAlias = Callable[[Variables], dict[str, Any]]


def rename(names: Mapping[str, str] | None = None, /, **more: str) -> Reshape:
    """Give variables other names: `rename(order="basket")`, or `rename({"review/note": "…"})`.

    Raises:
        BadDefinition: two would have the same name.
    """
    told = {**(names or {}), **more}
    if len(set(told.values())) < len(told):
        text = f"rename({told}) gives two variables the same name"
        raise BadDefinition(text)

    def reshape(variables: Variables) -> dict[str, Any]:
        return {told.get(name, name): value for name, value in variables.items()}

    return _called(reshape, "rename", *(f"{old} to {new}" for old, new in told.items()))


def remove(*names: str) -> Reshape:
    """Forget variables."""

    def reshape(variables: Variables) -> dict[str, Any]:
        return {name: value for name, value in variables.items() if name not in names}

    return _called(reshape, "remove", *names)


def transform(name: str, change: Callable[[Any], Any]) -> Reshape:
    """Make another value of a variable: `transform("total", Decimal)`.

    An object whose class has other fields now, or is gone, comes as a dict of its fields.
    """

    def reshape(variables: Variables) -> dict[str, Any]:
        changed = dict(variables)
        if name in changed:
            changed[name] = change(changed[name])
        return changed

    return _called(reshape, "transform", name)


def add(**values: Any) -> Reshape:
    """Give variables that are new a value, each run a copy: `add(currency="EUR")`.

    A function is called with all the variables: `add(net=lambda v: v["total"] / 2)`.
    """

    def reshape(variables: Variables) -> dict[str, Any]:
        changed = dict(variables)
        for name, value in values.items():
            if name not in changed:
                changed[name] = value(variables) if callable(value) else copy.deepcopy(value)
        return changed

    return _called(reshape, "add", *values)


def compose(*changes: Callable[[Any], Any]) -> Reshape:
    """One migration after the other, the first one first."""

    def reshape(variables: Variables) -> dict[str, Any]:
        changed: Any = dict(variables)
        for change in changes:
            changed = change(changed)
        return dict(changed)

    return _called(reshape, "; ".join(str(getattr(c, "__name__", "?")) for c in changes))


def _called(reshape: Reshape, *words: str) -> Reshape:
    head, *rest = words
    reshape.__name__ = " ".join([head, ", ".join(rest)]).strip()
    return reshape
