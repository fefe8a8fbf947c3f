"""What compiled functions call besides the author's code."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import BuiltinMethodType
from typing import Any, cast

import msgspec

from interlock.machines.batch import Batch, OnError, Pace, item_ids
from interlock.machines.call import Call
from interlock.machines.compiler import refusals
from interlock.machines.compiler.known import reads
from interlock.machines.compiler.noted import Token
from interlock.machines.errors import MachineError
from interlock.machines.segment import Handle
from interlock.machines.tasks import Task

LONGEST = 1_000_000
"""Items that an iterable other than a list, tuple, text or range may give to one `for`."""

_ATOMS = frozenset({int, float, bool, str, bytes, Decimal, datetime, date, time, timedelta})


_CONSTANT = _ATOMS | {tuple, frozenset}


class EndlessIterable(MachineError):
    """A `for` around an await over something that has no end."""

    code = refusals.ENDLESS.code


class Writes(msgspec.Struct):
    """The places inside containers that a segment assigned.

    Attributes:
        pairs: container and key of each.
        deep: variables whose containers hold a value that was changed in place by it, and tokens
            of calls on objects that are not built-in (see `noted`).
    """

    pairs: list[tuple[object, object]] = []
    deep: set[str | Token] = set()


def wrote(writes: Writes, container: Any, key: Any, augmented: str = "") -> None:
    """Note that `container[key]` was assigned, by `op=` when `augmented` names the variable."""
    place: Any = key
    if type(key) is int and key < 0 and _is_list(container):
        place = key + len(container)
    writes.pairs.append((container, place))
    if augmented and type(container[key]) not in _ATOMS:
        writes.deep.add(augmented)


def peek(writes: Writes, value: Any, method: str, token: Token) -> Any:
    """The receiver of a method call that only reads, if it is a built-in object."""
    if not reads(cast("Any", type(value)), method):
        writes.deep.add(token)
    return value


def grown(writes: Writes, method: Any, token: Token) -> Any:
    """A method that adds to a container, made to note what it adds if that is a built-in one."""
    owner: Any = getattr(method, "__self__", None)
    name: str = getattr(method, "__name__", "")
    kind = cast("Any", type(owner))
    if type(method) is not BuiltinMethodType or _GROWN.get(name) is not kind:
        writes.deep.add(token)
        return method
    if kind is list:
        writes.pairs.append((owner, len(owner)))
        return method

    def add(key: Any, *default: Any) -> Any:
        before = len(owner)
        value = method(key, *default)
        if len(owner) != before:
            writes.pairs.append((owner, key))
        return value

    return add


def inplace(writes: Writes, value: Any, name: str, *, adds: bool) -> None:
    """Note what `name op= ...` is about to do to the present value of the name."""
    if type(value) in _CONSTANT:
        return
    if adds and _is_list(value):
        writes.pairs.append((value, len(value)))
    else:
        writes.deep.add(name)


_GROWN: dict[str, type[Any]] = {"append": list, "extend": list, "setdefault": dict, "add": set}


def _is_list(value: object) -> bool:
    return type(value) is list


def call(*args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of an awaited call, evaluated."""
    return args, kwargs


def captured(*parts: Any) -> dict[str, Any]:
    """The variables around a nested function that are bound, from pairs of name and reader."""
    found: dict[str, Any] = {}
    for name, read in zip(parts[::2], parts[1::2], strict=True):
        try:
            found[f".{name}"] = read()
        except NameError:  # as in Python, only reading it in there is an error
            continue
    return found


def made(place: str, /, *args: Any, **kwargs: Any) -> Call:
    """A call that is not awaited on the spot."""
    return Call(place, args, kwargs)


def seconds(delay: float) -> timedelta:
    """The time that `asyncio.sleep` is given."""
    return timedelta(seconds=delay)


def handle(value: object) -> object:
    """What is awaited, if it can be.

    Raises:
        TypeError: as Python does.
    """
    if isinstance(value, Handle | Call):
        return value  # pyright: ignore[reportUnknownVariableType]  # a handle of anything
    if isinstance(value, Task):
        raise TypeError("a task of a TaskGroup is over behind its block: read task.result()")
    kind = type(value).__name__
    message = f"object {kind} can't be used in 'await' expression: only handles of start(...) can"
    raise TypeError(message)


def each(
    step: Any, items: Iterable[Any] | None = None, /, *, concurrency: int | None = None,
    batch: Batch | None = None, on_error: OnError = "stop", ids: Any = None,
) -> tuple[tuple[Any, ...], dict[str, Any]]:  # fmt: skip
    """The arguments of `each`: checked, complete, its items and their ids in lists.

    A lambda is called here: it makes the calls.
    """
    pace = Pace.of(concurrency, batch, on_error)
    every: list[Any] = list(step if items is None else items)
    options = {
        "concurrency": pace.concurrency, "batch": batch, "on_error": on_error,
        "ids": item_ids(ids, every) or None,
    }  # fmt: skip
    if items is None or not callable(step):
        return ((every,) if items is None else (step, every)), options
    return ([step(item) for item in every],), options


def matches(error: BaseException, classes: object) -> bool:
    """Whether `except classes` catches an exception: Python's rule, which looks at types only."""
    items = cast("tuple[object, ...]", classes) if isinstance(classes, tuple) else (classes,)
    if not all(isinstance(item, type) and issubclass(item, BaseException) for item in items):
        message = "catching classes that do not inherit from BaseException is not allowed"
        raise TypeError(message)
    return any(item is base for item in items for base in type(error).__mro__)


def sequence(iterable: Iterable[Any]) -> Sequence[Any]:
    """What a `for` around an await keeps: the very list (so that it may grow), or all items.

    Raises:
        EndlessIterable: there is no end to them.
    """
    if type(iterable) in (list, tuple, str, range, bytes):
        return iterable  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # just tested
    name = type(iterable).__name__
    if isinstance(iterable, (itertools.count, itertools.cycle)) or _repeats(iterable):
        raise _endless(name)
    items = list(itertools.islice(iterable, LONGEST + 1))
    if len(items) > LONGEST:
        too_many = f"{name} of more than {LONGEST:,} items"
        raise _endless(too_many)
    return items


def _repeats(iterable: Any) -> bool:
    endless = isinstance(iterable, itertools.repeat)
    return endless and operator.length_hint(cast("Iterable[Any]", iterable), -1) < 0


def _endless(name: str) -> EndlessIterable:
    refusal = refusals.ENDLESS
    return EndlessIterable(f"{refusal.what.format(name=name)}; {refusal.instead}")
