"""Lifecycles: machines declared as a class, with typed states, commands and data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel

from interlock.machines import registry
from interlock.machines.errors import MachineError
from interlock.machines.ir import Unhandled
from interlock.machines.reach import across, history
from interlock.machines.rule import after, on
from interlock.machines.rule_effects import entering, exiting, taking
from interlock.machines.rule_flow import always, done
from interlock.machines.step import Step

if TYPE_CHECKING:  # made only where a lifecycle is: who writes workflows does not pay for it
    from interlock.machines.lifecycle_declared import RegionHead
    from interlock.machines.lifecycle_program import LifecycleProgram

__all__ = [
    "Lifecycle", "Region", "across", "after", "always", "done", "entering", "exiting", "history",
    "on", "taking",
]  # fmt: skip

S = TypeVar("S", bound=StrEnum)
D = TypeVar("D", bound=BaseModel)
F = TypeVar("F", bound=Callable[..., Any])


class Lifecycle(Generic[S, D]):
    """Base of all lifecycles; the class is checked and compiled when it is made.

    `class OrderLifecycle(Lifecycle[Status, OrderData], initial=Status.DRAFT, final={…}):` with
    methods under `on`, `after`, `always`, `done`, `entering`, `exiting` and `taking`. States are
    nested by classes inside, subclasses of `Region`. The methods are pure functions of their
    arguments (one instance, made without arguments, serves all runs); they can be called directly
    in tests.

    Class arguments:
        initial: the state in which a run begins.
        final: the states that accept nothing more; none by default.
        name: what it is called in the log; the name of the class by default.
        steps: steps that its effects call and that its `entering` methods do not name
            themselves.
        unhandled: what happens to a command that no active state has a transition for:
            "refuse" it (the default), "ignore" it (accepted and recorded, nothing moves), or
            "defer" it (kept, and tried again after each transition). One word for all states,
            or a word for each of some. A command that a guard says no to is always refused.
        version: what this definition is called, for migrations.
        program: what the class stands for, where that was not declared as methods: see
            `interlock.machines.interchange.lifecycle_of`.

    Attributes:
        name: what it is called in the log.

    Raises:
        BadDefinition: when the class is made, with the file and line of what is wrong.
    """

    name: ClassVar[str]
    _program: ClassVar[LifecycleProgram]

    def __init_subclass__(
        cls,
        *,
        initial: S,
        final: AbstractSet[S] | tuple[S, ...] = (),
        name: str | None = None,
        steps: Sequence[Step[..., Any]] = (),
        unhandled: Unhandled | Mapping[S, Unhandled] = "refuse",
        version: str = "",
        program: LifecycleProgram | None = None,
    ) -> None:
        from interlock.machines.lifecycle_build import Declaration, build  # see above
        from interlock.machines.lifecycle_declared import RegionHead
        from interlock.machines.lifecycle_levels import Bases

        super().__init_subclass__()
        cls.name = name or cls.__name__
        own: dict[StrEnum, Unhandled] = {}
        if not isinstance(unhandled, str):
            own.update((state, word) for state, word in unhandled.items())
        head = RegionHead(initial, initial, tuple(final), "", own)
        every = unhandled if isinstance(unhandled, str) else "refuse"
        declared = Declaration(cls, cls.name, head, tuple(steps), every, version)
        cls._program = program or build(declared, Bases(Lifecycle, Region))
        if not cls.name.startswith("$"):  # those are Interlock's own
            registry.register(cls)

    @classmethod
    def program(cls) -> LifecycleProgram:
        """What the class compiled to."""
        return cls._program

    @classmethod
    def migrate(
        cls, *, from_: str, to: str = "", states: Mapping[str, str] | None = None
    ) -> Callable[[F], F]:
        """Declare what becomes of runs of another definition; see `Workflow.migrate`.

        The function makes the new data of the old ones: it is given their fields as a dict, or
        the model that it is annotated with, and returns the fields, or the new data.
        """
        return cls._program.migrations.declare(from_, to, states or {})

    @classmethod
    def id_of(cls, state: StrEnum) -> str:
        """The name of a state, nested or not, in the machine, the log and `configuration`.

        Raises:
            MachineError: it is a state of something else.
        """
        found = cls._program.id_of(state)
        if found is None:
            text = f"{state!r} is not a state of {cls.name}"
            raise MachineError(text)
        return found


class Region(Generic[S, D]):
    """Base of states inside a state: a class inside the lifecycle's, or inside another region's.

    `class Billing(Region[BillingStatus, Account], of=Status.ACTIVE, initial=BillingStatus.PAID):`
    with methods under the same decorators. One region makes its state a nested one: while that
    is active, so is exactly one of the region's states. Several regions of one state are active
    side by side. `Region` needs a StrEnum of its own; the data are those of the lifecycle.

    Class arguments:
        of: the state that it is inside of.
        initial: the state that is entered with it.
        final: where it comes to its end, which `done` waits for.
        name: of the region, where its state has several; the class's name in words by default.
        unhandled: see `Lifecycle`; one word for all of the region's states, or for each of some.
            An inner state's word goes before that of the states around it.
    """

    def __init_subclass__(
        cls,
        *,
        of: StrEnum,
        initial: S,
        final: AbstractSet[S] | tuple[S, ...] = (),
        name: str = "",
        unhandled: Unhandled | Mapping[S, Unhandled] | None = None,
    ) -> None:
        from interlock.machines.lifecycle_declared import RegionHead  # see above

        super().__init_subclass__()
        own: dict[StrEnum, Unhandled] = {}
        if isinstance(unhandled, str):
            own.update((state, unhandled) for state in type(initial))
        elif unhandled is not None:
            own.update((state, word) for state, word in unhandled.items())
        cls.__interlock_region__ = RegionHead(of, initial, tuple(final), name, own)

    __interlock_region__: ClassVar[RegionHead]
