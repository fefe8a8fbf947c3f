"""An independent copy of a folded run: `evolve` changes its state in place."""

from __future__ import annotations

from collections.abc import Hashable
from copy import copy
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

from interlock.projections.run import Activity, RunState

T = TypeVar("T")


def copy_state(state: RunState) -> RunState:
    """A state that folding on does not change. What is big (objects, outcomes) is shared."""
    twin = _apart(state)
    twin.image = state.image.copy()
    twin.pending = {name: copy_activity(one) for name, one in state.pending.items()}
    twin.threads = {name: _apart(one) for name, one in state.threads.items()}
    for name, thread in state.threads.items():
        twin.threads[name].image = thread.image.copy()
    if state.compensation is not None:
        twin.compensation = _apart(state.compensation)
    return twin


def copy_activity(activity: Activity) -> Activity:
    """An activity that folding on does not change."""
    twin = _apart(activity)
    if activity.join is not None:
        twin.join = _apart(activity.join)
    if activity.approval is not None:
        twin.approval = _apart(activity.approval)
    return twin


def _apart(thing: T) -> T:
    """A copy with containers of its own; what is in them is shared."""
    twin = copy(thing)
    kind: Any = type(thing)
    for name in _names(kind):
        value = getattr(twin, name)
        if type(value) in _CONTAINERS:
            setattr(twin, name, value.copy())
    return twin


@cache
def _names(kind: Hashable) -> tuple[str, ...]:
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    found: tuple[str, ...] = getattr(kind, "__struct_fields__", ())
    return found


_CONTAINERS = frozenset([list, dict, set])
