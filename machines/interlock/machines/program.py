"""The contract between the compiler and the engine: a program is run one segment at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import msgspec

from interlock.machines.command import Command
from interlock.machines.ir import Machine
from interlock.machines.step import Step

if TYPE_CHECKING:  # only named in annotations
    from interlock.store.values import Touch, Types, Writes


@dataclass(frozen=True, slots=True)
class Place:
    """A state of a compiled workflow, as the engine needs it.

    Attributes:
        state: its name.
        kind: what is awaited.
        line: line of the await in the author's file.
        live: the variables that are recorded there, in order.
        step: the step that is called, for kind `step` (with its `label` and options).
        commands: the command types that a wait accepts.
    """

    state: str
    kind: Literal["step", "approval", "sleep", "wait"]
    line: int
    live: tuple[str, ...]
    step: Step[..., Any] | None = None
    commands: tuple[type[Command], ...] = ()


class Paused(msgspec.Struct, frozen=True):
    """A segment ended at an await.

    Attributes:
        place: where.
        args, kwargs: what the awaited call was given, evaluated (but for a wait's `where`).
        frame: every local that is bound, live or not, by name.
        touched: which names the segment mentioned, and how: see `Touch`.
        writes: places inside containers that the segment assigned: see `Writes`.
    """

    place: Place
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    frame: dict[str, Any]
    touched: Mapping[str, Touch]
    writes: Writes


class Returned(msgspec.Struct, frozen=True):
    """A segment ended with `return value`."""

    value: Any


class Raised(msgspec.Struct, frozen=True):
    """A segment ended with an exception that nothing in the workflow caught."""

    error: BaseException


Ended: TypeAlias = Paused | Returned | Raised


class Program(Protocol):
    """A compiled workflow. Pure but for what the author's code itself does.

    Attributes:
        machine: the graph.
        types: the classes that its values may have.
        places: its states by name.
    """

    machine: Machine
    types: Types
    places: Mapping[str, Place]

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The first frame: parameters by name, defaults applied.

        Raises:
            TypeError: the arguments do not fit the signature.
        """
        ...

    def start(self, frame: dict[str, Any]) -> Ended:
        """Run from the beginning to the first await or the end."""
        ...

    def resume(self, state: str, frame: dict[str, Any], value: Any) -> Ended:
        """Go on behind the await of `state`, which gave `value`."""
        ...

    def where(self, state: str, frame: dict[str, Any]) -> Callable[[Any], bool] | None:
        """The `where=` of the wait at `state`, evaluated with the variables recorded there.

        It is evaluated when a command is to be decided on, not when the wait begins, so it needs
        nothing but what is recorded: the names that it mentions are live at the wait.
        """
        ...

    def throw(self, state: str, frame: dict[str, Any], error: BaseException) -> Ended:
        """Go on at the await of `state`, which raised `error`."""
        ...
