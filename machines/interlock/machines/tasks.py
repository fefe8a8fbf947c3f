"""What `asyncio.TaskGroup` and its tasks are in a run: their calls begin where the block ends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from interlock.machines.call import Call
from interlock.machines.errors import BadDefinition
from interlock.machines.outcome import Err, Ok, Outcome

T = TypeVar("T")

_MESSAGE = "unhandled errors in a TaskGroup"  # as asyncio has it


@dataclass(eq=False)
class Task(Generic[T]):
    """A call of a group; it is over behind the block.

    Attributes:
        outcome: what became of it, None until then.
    """

    outcome: Outcome[T] | None = None

    def done(self) -> bool:
        """Whether it is over."""
        return self.outcome is not None

    def cancelled(self) -> bool:
        """Whether it was cancelled, because another one failed."""
        return isinstance(self.outcome, Err) and _is_cancelled(self.outcome)

    def result(self) -> T:
        """What it gave.

        Raises:
            asyncio.InvalidStateError: it is not over.
            BaseException: what it raised.
        """
        if self.outcome is None:
            raise asyncio.InvalidStateError("Result is not set.")
        if isinstance(self.outcome, Err):
            raise self.outcome.error
        return self.outcome.value

    def exception(self) -> BaseException | None:
        """What it raised, None for nothing.

        Raises:
            asyncio.InvalidStateError: it is not over.
            asyncio.CancelledError: it was cancelled.
        """
        if self.outcome is None:
            raise asyncio.InvalidStateError("Exception is not set.")
        if isinstance(self.outcome, Ok):
            return None
        if _is_cancelled(self.outcome):
            raise self.outcome.error
        return self.outcome.error


@dataclass(eq=False)
class TaskGroup:
    """A group while its block runs, and behind it.

    Attributes:
        tasks: in the order of their making.
        calls: theirs, until they begin.
        outcomes: theirs, when all are over.
    """

    tasks: list[Task[Any]] = field(default_factory=list[Task[Any]])
    calls: list[Call] = field(default_factory=list[Call])
    outcomes: list[Outcome[Any]] = field(default_factory=list["Outcome[Any]"])

    def create_task(self, call: object, *, name: str | None = None, context: Any = None) -> Any:
        """Add a call; the name of a task says nothing here.

        Raises:
            BadDefinition: it is none.
        """
        del name, context
        if not isinstance(call, Call):
            message = f"create_task({call!r}): write the call itself, such as create_task(f(x))"
            raise BadDefinition(message)
        self.calls.append(call)
        self.tasks.append(Task())
        return self.tasks[-1]

    def __enter__(self) -> TaskGroup:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """An error in the block itself is one of the group, and nothing has begun."""
        if isinstance(error, Exception):
            for task in self.tasks:
                task.outcome = Err(asyncio.CancelledError())
            raise ExceptionGroup(_MESSAGE, [error]) from None

    def take(self) -> list[Call]:
        """The calls, which begin now."""
        calls, self.calls = self.calls, []
        return calls

    def end(self) -> None:
        """Give every task its outcome.

        Raises:
            BaseExceptionGroup: what was raised, cancellations apart.
        """
        outcomes, self.outcomes = self.outcomes, []
        errors: list[BaseException] = []
        for task, outcome in zip(self.tasks, outcomes, strict=True):
            task.outcome = outcome
            if isinstance(outcome, Err) and not _is_cancelled(outcome):
                errors.append(outcome.error)
        if errors and all(isinstance(error, Exception) for error in errors):
            raise ExceptionGroup(_MESSAGE, cast("list[Exception]", errors))
        if errors:
            raise BaseExceptionGroup(_MESSAGE, errors)


def _is_cancelled(outcome: Err[BaseException]) -> bool:
    return isinstance(outcome.error, asyncio.CancelledError)
