"""The input of runs and of calls, as recorded."""

from __future__ import annotations

from typing import Any, cast

from interlock.machines.program import Program
from interlock.projections import Activity, RunState
from interlock.store.event import Encoded
from interlock.store.values import Types, digest


def recorded_arguments(
    state: RunState, activity: Activity, types: Types
) -> tuple[list[Any], dict[str, Any]]:
    """The input of a call, decoded against its thread's memory at this version."""
    image = state.thread(activity).image

    def decode(value: Encoded) -> Any:
        plain = not isinstance(value, dict | list)  # most are: they stand for themselves
        return value if plain else image.decode(types, value)

    kwargs = {name: decode(value) for name, value in activity.kwargs.items()}
    return [decode(value) for value in activity.args], kwargs


def input_digest(program: Program, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Digest of a start's input: equal for equal arguments, however they were passed."""
    bound = program.bind(args, kwargs)
    return digest(program.types, cast("object", bound))
