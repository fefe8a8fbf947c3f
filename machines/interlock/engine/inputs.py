"""The input of runs and of calls, as recorded."""

from __future__ import annotations

from typing import Any

from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.program import Program
from interlock.projections import Activity, RunState
from interlock.store.errors import InterlockError
from interlock.store.event import Encoded, Event
from interlock.store.values import Image, Types, digest, digest_named
from interlock.store.vocabulary import RunStarted

_NESTED = (dict, list)
"""What has to be decoded."""


def recorded_arguments(
    state: RunState, activity: Activity, types: Types
) -> tuple[list[Any], dict[str, Any]]:
    """The input of a call, decoded against its thread's memory at this version."""
    args, kwargs = activity.args, activity.kwargs
    for value in (*args, *kwargs.values()):
        if isinstance(value, _NESTED):
            break
    else:  # most are plain: they stand for themselves
        return [*args], dict(kwargs)
    image = state.thread(activity).image

    def decode(value: Encoded) -> Any:
        return image.decode(types, value) if isinstance(value, _NESTED) else value

    return [decode(value) for value in args], {name: decode(kwargs[name]) for name in kwargs}


def input_digest(program: Program, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Digest of a start's input: equal for equal arguments, however they were passed."""
    return digest_named(program.types, program.bind(args, kwargs))


def recorded_digest(program: Program | LifecycleProgram, first: Event) -> str:
    """Digest of the input that a run began with, in the shapes that its classes have today.

    "" when the program cannot read it.
    """
    body = first.body
    if not isinstance(body, RunStarted):
        return ""
    image = Image()
    image.apply(body.memory)
    types = program.types
    try:
        args = tuple(image.decode(types, value) for value in body.args)
        kwargs = {name: image.decode(types, value) for name, value in body.kwargs.items()}
        if isinstance(program, LifecycleProgram):
            return digest(types, args[0])
        return input_digest(program, args, kwargs)
    except (InterlockError, TypeError):
        return ""
