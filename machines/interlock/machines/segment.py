"""What workflow code says while one of its segments runs: recorded in that segment's commit.

The functions here are plain calls, not awaits. In a run they note something down; called natively,
they do the same thing by asyncio, or nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast

from interlock.machines.call import Call
from interlock.machines.errors import BadDefinition, OutsideRun
from interlock.machines.workflow import Workflow
from interlock.store.clock import SystemClock
from interlock.store.running import RUNNING, Running

if TYPE_CHECKING:  # slow to import
    import asyncio

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

OnCancel = Literal["cancel", "abandon"]


@dataclass(frozen=True)
class Handle(Generic[T_co]):
    """Something under way: `await` it for its result, here or later.

    Attributes:
        id: of the activity; for a child, the id of its run.
    """

    id: str

    def __await__(self) -> Generator[Any, None, T_co]:
        """Natively only; in a run the await is a state."""
        message = f"{self!r} was awaited outside a run"
        raise OutsideRun(message)

    def cancel(self) -> None:
        """Cancel it; awaiting it raises `CancelledError` then. Nothing when it is over."""
        _noting("Handle.cancel").note(Cancelled(self.id))


@dataclass(frozen=True)
class NativeHandle(Handle[T_co]):
    """A handle outside of runs: an asyncio task."""

    task: asyncio.Future[T_co] = field(repr=False, compare=False)

    def __await__(self) -> Generator[Any, None, T_co]:
        """The task's result."""
        return self.task.__await__()

    def cancel(self) -> None:
        """Cancel the task."""
        self.task.cancel()


@dataclass(frozen=True, slots=True)
class Started:
    """Begin this call now; `handle` is its activity, `where` what its place's name begins with."""

    handle: str
    call: Call
    where: str


@dataclass(frozen=True, slots=True)
class ChildStarted:
    """Begin a run of another workflow; `handle` is its run's id."""

    handle: str
    child: Workflow[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    on_cancel: OnCancel


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Cancel what a handle stands for."""

    handle: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something was left out on purpose."""

    reason: str


@dataclass(frozen=True, slots=True)
class Replied:
    """The answer to the sender of the command that is being handled."""

    value: object


Note: TypeAlias = Started | ChildStarted | Cancelled | Skipped | Replied


class Segment(Running):
    """One segment while it runs.

    Attributes:
        run: id of the run.
        prefix: what ids of its activities begin with.
        number: of the next activity.
        now: the instant of the commit.
        where: what the whole names of the running code's places begin with.
        check: told of each thing that is said, before it counts; raises what is wrong with it.
        notes: what it said, in order.
    """

    run: str
    prefix: str
    number: int
    now: datetime
    where: str = ""
    check: Callable[[Segment, Note], None] | None = None
    notes: list[Note] = []  # noqa: RUF012  a struct makes one for each

    def note(self, said: Note) -> None:
        """Keep what the code says, to be recorded with its segment.

        Raises:
            Unrecordable, BadDefinition: it cannot be.
        """
        if self.check is not None:
            self.check(self, said)
        self.notes.append(said)

    def next_id(self, place: str) -> str:
        """An id for an activity that begins now."""
        made = f"{self.prefix}{place}#{self.number}"
        self.number += 1
        return made


def segment() -> Segment | None:
    """The one that runs now: the engine says so while workflow code runs."""
    running = RUNNING.get()
    return running if isinstance(running, Segment) else None


_moment: ContextVar[datetime | None] = ContextVar("interlock_moment", default=None)


@contextmanager
def at_instant(moment: datetime) -> Generator[None]:
    """Set by the engine while a guard, a method of a lifecycle or another predicate runs."""
    token = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(token)


def now() -> datetime:
    """The present instant, UTC: in a run that of the commit, by the engine's clock.

    That is so in a workflow, in a lifecycle's guards and methods, in a `where=` and in a function
    that says who may approve. Anywhere else, in a step for example, it is the system's clock.
    """
    running = segment()
    moment = _moment.get() if running is None else running.now
    return SystemClock().now() if moment is None else moment


def start(call: Awaitable[T]) -> Handle[T]:
    """Begin a step, a wait, a helper or a child workflow, and go on: `h = start(charge(order))`.

    What was started and never awaited is cancelled when the workflow ends.
    """
    running = segment()
    if running is None:
        task = _task(cast("Coroutine[Any, Any, T]", call))
        return NativeHandle(task.get_name(), task)
    if not isinstance(call, Call):
        message = f"start({call!r}): write the call itself there, such as start(charge(order))"
        raise BadDefinition(message)
    handle = running.next_id(call.place)
    running.note(Started(handle, call, running.where))
    return Handle(handle)


def start_child(
    child: Workflow[..., T],
    *args: Any,
    id: str | None = None,  # noqa: A002  as in Engine.start
    on_cancel: OnCancel = "cancel",
    **kwargs: Any,
) -> Handle[T]:
    """Begin a run of another workflow; `handle.id` is its id, `await handle` its result.

    Args:
        child: the workflow.
        id: of the run; by default derived from this run's.
        on_cancel: what becomes of it when this run ends without having awaited it, or is
            cancelled: `cancel`, or `abandon`: it goes on by itself.
    """
    running = segment()
    if running is None:
        return NativeHandle(id or child.name, _task(child(*args, **kwargs)))
    made = running.next_id(child.name)
    handle = id if id is not None else f"{running.run}/{made}"
    running.note(ChildStarted(handle, child, args, kwargs, on_cancel))
    return Handle(handle)


def _task(call: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    import asyncio  # slow to import

    return asyncio.ensure_future(call)


def skip(reason: str) -> None:
    """Record that something was left out, and why; natively nothing."""
    running = segment()
    if running is not None:
        running.note(Skipped(reason))


def reply(value: object) -> None:
    """Answer the sender of the command that was received last: see `engine.send(reply=True)`.

    Raises:
        OutsideRun: called natively.
    """
    _noting("reply").note(Replied(value))


def _noting(what: str) -> Segment:
    running = segment()
    if running is None:
        message = f"{what} was called outside a run"
        raise OutsideRun(message)
    return running
