"""Lifecycles: machines declared as a class, with typed states, commands and data."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel

from interlock.machines import registry
from interlock.machines.rule import after, entering, on
from interlock.machines.step import Step

if TYPE_CHECKING:  # made only where a lifecycle is: who writes workflows does not pay for it
    from interlock.machines.lifecycle_program import LifecycleProgram

__all__ = ["Lifecycle", "after", "entering", "on"]

S = TypeVar("S", bound=StrEnum)
D = TypeVar("D", bound=BaseModel)


class Lifecycle(Generic[S, D]):
    """Base of all lifecycles; the class is checked and compiled when it is made.

    `class OrderLifecycle(Lifecycle[Status, OrderData], initial=Status.DRAFT, final={…}):` with
    methods under `on`, `after` and `entering`. The methods are pure functions of their arguments
    (one instance, made without arguments, serves all runs); they can be called directly in tests.

    Class arguments:
        initial: the state in which a run begins.
        final: the states that accept nothing more.
        name: what it is called in the log; the name of the class by default.
        steps: steps that its effects call and that its `entering` methods do not name
            themselves.

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
        final: AbstractSet[S] | tuple[S, ...],
        name: str | None = None,
        steps: Sequence[Step[..., Any]] = (),
    ) -> None:
        from interlock.machines.lifecycle_build import Declaration, build  # see above

        super().__init_subclass__()
        cls.name = name or cls.__name__
        declared = Declaration(cls, cls.name, initial, tuple(final), tuple(steps))
        cls._program = build(declared, Lifecycle)
        if not cls.name.startswith("$"):  # those are Interlock's own
            registry.register(cls)

    @classmethod
    def program(cls) -> LifecycleProgram:
        """What the class compiled to."""
        return cls._program
