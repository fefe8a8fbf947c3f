"""The way of one call through its gates: the question, the answers, and the outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeAlias, TypeVar

from interlock.engine.session import Mover, Session
from interlock.machines.step import Step
from interlock.projections import Activity
from interlock.store.errors import StoreError
from interlock.store.values import Types

log = logging.getLogger("interlock.engine")

R = TypeVar("R")

Record: TypeAlias = Callable[[Mover, Activity], None]
"""Decides the events of an answer; as the driver's."""

Who: TypeAlias = tuple[str, str]
"""A run and one of its activities: a call that waits to be made."""

QUIET = (asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit)
"""With these a call has no outcome: it was interrupted."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that wants to be made.

    Attributes:
        session: the run.
        step, activity: what is called, and for which visit.
        args, kwargs: its input.
        types: the classes of the run's values.
        failed: decides what follows from an error, as if the call had raised it.
    """

    session: Session
    step: Step[..., Any]
    activity: Activity
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    types: Types
    failed: Callable[[BaseException], Record]

    @property
    def who(self) -> Who:
        """The run and the activity."""
        return self.session.run, self.activity.id

    def rejected(self, error: BaseException) -> Record:
        """What follows when a gate says no for good; an undo is tried again by its schedule."""
        if self.activity.kind == "undo":
            return self.failed(error)
        return lambda mover, mine: mover.fail(mine, error, called=False)


@dataclass(frozen=True, slots=True)
class Held:
    """A gate's no.

    Attributes:
        by: the gate, such as `breaker payments`.
        reason: in words.
        until: when to ask again; None when the gate itself wakes the run.
        error: raised in the workflow in place of waiting.
    """

    by: str
    reason: str = ""
    until: datetime | None = None
    error: BaseException | None = None


class Pass(Protocol):
    """What one gate let through."""

    def give_back(self) -> None:
        """The call was not made, or was interrupted."""
        ...

    async def succeeded(self, result: Any) -> None:
        """The call returned."""
        ...

    async def failed(self, error: BaseException) -> None:
        """The call raised."""
        ...


@dataclass(slots=True)
class Permit:
    """All gates let the call through. Leaving `with permit:` gives back what is not used.

    Attributes:
        passes: of each gate, in the order in which they were passed.
        tokens: what is spent once the call begins, whatever comes of it.
    """

    passes: list[Pass] = field(default_factory=list[Pass])
    tokens: list[Pass] = field(default_factory=list[Pass])

    def __enter__(self) -> Permit:
        return self

    def __exit__(self, *exc: object) -> None:
        self.give_back()

    def begin(self) -> None:
        """The call is made now."""
        self.tokens.clear()

    def give_back(self) -> None:
        """No call was made, or it was interrupted."""
        while self.tokens:
            self.tokens.pop().give_back()
        while self.passes:
            self.passes.pop().give_back()

    async def succeeded(self, result: Any) -> None:
        """Tell all gates."""
        while self.passes:
            await self.passes.pop().succeeded(result)

    async def failed(self, error: BaseException) -> None:
        """Tell all gates."""
        while self.passes:
            await self.passes.pop().failed(error)


async def through(step: Step[..., Any], permit: Permit | None, made: Awaitable[R]) -> R:
    """Await a call; its error as the step maps it; its outcome told to its gates."""
    if permit is not None:
        permit.begin()
    try:
        result = await made
    except QUIET:
        raise
    except BaseException as error:
        mapped = _mapped(step, error)
        if permit is not None:
            await permit.failed(mapped)
        if mapped is error:
            raise
        raise mapped from error
    if permit is not None:
        await permit.succeeded(result)
    return result


def _mapped(step: Step[..., Any], error: BaseException) -> BaseException:
    """What `map_error` makes of an error; what it raises itself, when it does."""
    change = step.options.map_error
    if change is None or not isinstance(error, Exception):
        return error
    try:
        return change(error)
    except Exception as raised:
        return raised


@dataclass(frozen=True, slots=True)
class Safe:
    """A pass that tells the store; when that fails, it is the store's trouble, not the call's."""

    inner: Pass

    def give_back(self) -> None:
        """See `Pass`."""
        self.inner.give_back()

    async def succeeded(self, result: Any) -> None:
        """See `Pass`."""
        try:
            await self.inner.succeeded(result)
        except StoreError as error:
            log.warning("an outcome was not told to all: %s", error)

    async def failed(self, error: BaseException) -> None:
        """See `Pass`."""
        try:
            await self.inner.failed(error)
        except StoreError as trouble:
            log.warning("an outcome was not told to all: %s", trouble)
