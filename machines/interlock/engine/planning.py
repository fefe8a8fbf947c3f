"""What a join is to do: the calls that it was given, as they are recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from interlock.machines.approvers import is_several
from interlock.machines.batch import Batch, OnError, Pace
from interlock.machines.call import Call
from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition
from interlock.machines.segment import Handle
from interlock.store.joining import JoinStarted
from interlock.store.within import Planned

if TYPE_CHECKING:
    from interlock.engine.pausing import Beginning
    from interlock.store.event import Encoded


@dataclass(slots=True)
class _Plan:
    """The calls and options of a join."""

    calls: Sequence[object]
    names: list[str] = field(default_factory=list[str])
    shape: Literal["one", "tuple", "list", "dict"] = "tuple"
    limit: int = 0
    collect: bool = False
    size: int = 0
    delay: timedelta = timedelta()


def plan(b: Beginning) -> JoinStarted:
    """Everything that a join has to do, with the input of its calls.

    Raises:
        BadDefinition: it was given something that is no call.
        Unrecordable: the input of a call cannot be recorded.
    """
    how = b.place.how
    assert how is not None  # joins have one
    made = _PLANS[how](b.args, b.kwargs)
    encoder = _Encoder(b)
    calls = [encoder.planned(call) for call in made.calls]
    return JoinStarted(
        b.id, how, calls, made.names, made.shape, made.limit, made.collect, made.size,
        made.delay.total_seconds(), b.delta(), b.within,
    )  # fmt: skip


class _Encoder:
    """Encodes calls, each in one piece."""

    def __init__(self, b: Beginning) -> None:
        self._state = b.place.state
        self._root = b.root
        self._encode: Callable[[object, str], Encoded] = b.run.encoded
        self._known = b.run.state

    def planned(self, call: object) -> Planned:
        """A call as it is recorded."""
        if isinstance(call, Handle):
            if call.id not in self._known.pending and call.id not in self._known.handles:
                message = f"{call!r} was awaited, which this run did not start"
                raise BadDefinition(message)
            return Planned("", handle=call.id)
        if not isinstance(call, Call):
            message = (
                f"{self._state} was given {call!r}; write the calls themselves in it, such as "
                "parallel(charge(order), reserve(order)), or handles that start(...) gave"
            )
            raise BadDefinition(message)
        name = call.place
        if _asks_a_function(call.kwargs):
            message = (
                f"{self._state}: a function says who decides on {name}, and it cannot be recorded "
                "there; await the approval in an `async def` of its own, and call that here"
            )
            raise BadDefinition(message)
        args = [self._encode(v, f"argument {i + 1} of {name}") for i, v in enumerate(call.args)]
        kwargs = {n: self._encode(v, f"{n} of {name}") for n, v in call.kwargs.items()}
        return Planned(f"{self._root}{name}", args, kwargs)


def _asks_a_function(kwargs: Mapping[str, Any]) -> bool:
    """Whether these are an approval's, decided on by whom a function lets."""
    later = kwargs.get("escalate", ())
    several = later if is_several(later) else [later]
    who = [kwargs.get("approvers"), *(getattr(one, "to", None) for one in several)]
    return any(callable(one) for one in who)


def _several(args: Sequence[Any], kwargs: Mapping[str, Any]) -> _Plan:
    if args and kwargs:
        raise BadDefinition("name all of the calls or none of them")
    if kwargs:
        return _Plan(list(kwargs.values()), list(kwargs), "dict")
    return _Plan(args)


def _raced(args: Sequence[Any], kwargs: Mapping[str, Any]) -> _Plan:
    if not args and not kwargs:
        raise BadDefinition("race() has no calls to choose from")
    return _several(args, kwargs)


def _awaited(args: Sequence[Any], kwargs: Mapping[str, Any]) -> _Plan:
    (handle,) = args
    if not isinstance(handle, Handle):
        message = f"{handle!r} was awaited; only calls and the handles of start(...) can be"
        raise BadDefinition(message)
    calls: list[object] = [handle]
    return _Plan(calls, shape="one")


def _gathered(args: Sequence[Any], kwargs: Mapping[str, Any]) -> _Plan:
    return _Plan(args, shape="list", collect=bool(kwargs.get("return_exceptions")))


def _settled(args: Sequence[Any], kwargs: Mapping[str, Any]) -> _Plan:
    made = _several(args, kwargs)
    made.collect = True
    if len(args) == 1:
        made.shape = "one"
    return made


def _tasks(args: Sequence[Any], kwargs: Mapping[str, Any]) -> _Plan:
    return _Plan(args, shape="list")


def _each(args: Sequence[Any], kwargs: Mapping[str, Any]) -> _Plan:
    return _every(*args, **kwargs)


def _every(
    calls: str | Sequence[object],
    items: Iterable[Any] | None = None,
    *,
    concurrency: int | None = None,
    batch: Batch | None = None,
    on_error: OnError = "stop",
    ids: Sequence[str] | None = None,
) -> _Plan:
    given = list(items) if items is not None else []
    made: Sequence[object] = [Call(calls, (i,)) for i in given] if isinstance(calls, str) else calls
    pace = Pace.of(concurrency, batch, on_error)  # checked by the compiled code already
    collect = pace.on_error == "collect"
    plan = _Plan(made, list(ids or ()), "list", pace.concurrency, collect)
    if batch is not None:
        plan.size, plan.delay = batch.size, duration(batch.delay)
    return plan


_PLANS: dict[str, Callable[[Sequence[Any], Mapping[str, Any]], _Plan]] = {
    "await": _awaited,
    "parallel": _several,
    "gather": _gathered,
    "settle": _settled,
    "tasks": _tasks,
    "race": _raced,
    "each": _each,
}
