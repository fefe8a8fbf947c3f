"""The contract between the compiler and the engine: a program is run one segment at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import msgspec

from interlock.machines.ir import Machine
from interlock.machines.migration import Migrations
from interlock.machines.step import Step

if TYPE_CHECKING:  # only named in annotations
    from interlock.machines.command import Command
    from interlock.machines.facts import Facts
    from interlock.machines.workflow import Workflow
    from interlock.store.values import Touch, Types, Writes


PlaceKind: TypeAlias = Literal[
    "step", "approval", "sleep", "wait", "received", "join", "child", "helper"
]
Join: TypeAlias = Literal["await", "parallel", "gather", "settle", "race", "each", "tasks"]


@dataclass(frozen=True, slots=True)
class Place:
    """A state of a compiled workflow, as the engine needs it.

    Attributes:
        state: its name.
        kind: what is awaited. `received` takes a command that has come and does not wait; `join`
            waits for several calls (or a handle); `child` is a run of another workflow; `helper`
            is a coroutine whose states are part of this machine.
        line: line of the await in the author's file.
        live: the variables that are recorded there, in order; none for the place of a `Call`.
        step: the step that is called, for kind `step` (with its `label` and options).
        commands: the command types that a wait accepts.
        how: what a join does with its calls: `await` one handle, all of them (`parallel`), as
            asyncio does (`gather`), as values (`settle`), the first (`race`), one an item (`each`),
            as a task group does (`tasks`).
        calls: the places of the calls that are written in a join.
        program: the compiled helper; its states are named below this one: `helper/step`.
        child: the workflow that is run.
    """

    state: str
    kind: PlaceKind
    line: int
    live: tuple[str, ...]
    step: Step[..., Any] | None = None
    commands: tuple[type[Command], ...] = ()
    how: Join | None = None
    calls: tuple[Place, ...] = ()
    program: Program | None = None
    child: Workflow[..., Any] | None = None


class Paused(msgspec.Struct, frozen=True):
    """A segment ended at an await.

    Attributes:
        place: where.
        args, kwargs: what the awaited call was given, evaluated (but for a wait's `where`). In a
            join they hold `Call`s and `Handle`s, also inside lists.
        frame: by name, the locals that are live, and those that are `touched`, as far as they are
            bound; also others, and None for one that is neither. A name in parentheses is a value
            that the segment was given by, or gives to, another frame of the same run.
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
    """A segment ended with `return value`.

    Attributes:
        value: what it returned.
        frame, touched, writes: as in `Paused`, of a helper only: what the last segment did to
            objects that the caller may still refer to. No variable of it is live any more.
    """

    value: Any
    frame: dict[str, Any] = {}
    touched: Mapping[str, Touch] = {}
    writes: Writes = []


class Raised(msgspec.Struct, frozen=True):
    """A segment ended with an exception that nothing in the workflow caught.

    Attributes:
        error: what was raised.
        frame, touched, writes: as in `Returned`.
    """

    error: BaseException
    frame: dict[str, Any] = {}
    touched: Mapping[str, Touch] = {}
    writes: Writes = []


Ended: TypeAlias = Paused | Returned | Raised


class Program(Protocol):
    """A compiled workflow. Pure but for what the author's code itself does.

    Attributes:
        machine: the graph.
        types: the classes that its values may have.
        places: its states by name.
        calls: the places of the calls that it makes without awaiting them there and then, in a
            join or by `start`, by name. No name is in both.
        annotations: the types of its own variables, as far as they are declared.
        unassigned: its variables that some path reads before it has assigned them.
        migrations: what its author says about runs of other definitions.
    """

    machine: Machine
    types: Types
    places: Mapping[str, Place]
    calls: Mapping[str, Place]
    annotations: Mapping[str, Any]
    unassigned: frozenset[str]
    migrations: Migrations

    @property
    def facts(self) -> Facts:
        """What its code says that the graph does not, for checks."""
        ...

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

    def rules(self, state: str, frame: dict[str, Any]) -> tuple[Any, Any]:
        """`approvers=` and `escalate=` of the approval at `state`, evaluated as `where` is.

        Wanted only where one of them is a function; None stands for what is not written there.
        """
        ...

    def throw(self, state: str, frame: dict[str, Any], error: BaseException) -> Ended:
        """Go on at the await of `state`, which raised `error`."""
        ...
