"""The resources of an engine: opened once, given to every call that wants them, closed at the end.

What each entry of `Engine(resources=…)` may be:

* a function (or class) without parameters, async or not: it is called, what it gives is taken;
* a context manager, async or not: it is entered, what that gives is taken, and it is left when
  the engine is closed;
* anything else is taken as it is; so are locks and mocks, although they could be entered.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

from interlock.machines.errors import MissingResource
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.program import Program
from interlock.machines.resource import Need, needs_of
from interlock.machines.step import Step
from interlock.machines.steps_of import steps_of

Given: TypeAlias = Mapping[Any, Any]
"""By class or by name: a value, a function that makes it, or a context manager of it."""

_LOCKS = (
    asyncio.Lock, asyncio.Condition, asyncio.Semaphore, threading.Condition, threading.Semaphore,
    type(threading.Lock()), type(threading.RLock()),
)  # fmt: skip


class Resources:
    """What one engine was given."""

    def __init__(self, given: Given) -> None:
        self._given = dict(given)
        self._ready: dict[Any, Any] = {}
        self._stack = AsyncExitStack()
        self._checked: set[str] = set()
        self._makes_calls = False

    async def open(self, programs: Iterable[Program | LifecycleProgram]) -> None:
        """Check that nothing is missing for these programs, then open all, in order.

        Raises:
            MissingResource: some step needs one that was not given.
            Exception: what opening one raised; those before it are closed by `close`.
        """
        self._makes_calls = True
        self.check(*programs)
        for key, value in self._given.items():
            self._ready[key] = await self._opened(value)

    async def _opened(self, value: Any) -> Any:
        if _is_factory(value):
            value = value()
        if inspect.iscoroutine(value):
            value = await value
        if _is_manager(value, "__aenter__", "__aexit__"):
            return await self._stack.enter_async_context(value)
        if _is_manager(value, "__enter__", "__exit__"):
            return self._stack.enter_context(value)
        return value

    async def close(self) -> None:
        """Close what was opened, in reverse order."""
        self._ready.clear()
        await self._stack.aclose()

    def check(self, *programs: Program | LifecycleProgram) -> None:
        """Check that nothing is missing that a step of these programs needs.

        Raises:
            MissingResource: names each step, its parameter, and what to write.
        """
        found = [reason for program in programs if (reason := self.lacking(program))]
        if found:
            raise MissingResource("; ".join(found))

    def lacking(self, program: Program | LifecycleProgram) -> str:
        """What is missing for a program, in words; "" when nothing is."""
        if not self._makes_calls or program.machine.hash in self._checked:
            return ""
        found = missing(program, self._given)
        if not found:
            self._checked.add(program.machine.hash)
        return found

    def into(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The named arguments of a call, with the resources that it wants."""
        needs = needs_of(function)
        if not needs:
            return kwargs
        given = {need.parameter: self._ready[need.key] for need in needs if need.place >= len(args)}
        return given | dict(kwargs)


def missing(program: Program | LifecycleProgram, given: Given) -> str:
    """The resources that a program's steps want and that are not given, in words; "" for none."""
    short = [(step, need) for step, need in _needs(program) if need.key not in given]
    if not short:
        return ""
    told = ", ".join(
        f"{step.name} needs {need.text} for its {need.parameter!r}" for step, need in short
    )
    entries = ", ".join(dict.fromkeys(f"{need.text}: …" for _, need in short))
    return (
        f"{program.machine.name}: {told}; write Engine(..., resources={{{entries}}}), "
        "or name the machines that this engine serves"
    )


def _needs(program: Program | LifecycleProgram) -> Iterator[tuple[Step[..., Any], Need]]:
    """Every resource that the steps of a program want, their undos and `verify=` included."""
    for step in steps_of(program):
        functions = (step.function, step.options.compensate, step.options.verify)
        for function in functions:
            plain = function.function if isinstance(function, Step) else function
            for need in () if plain is None else needs_of(plain):
                yield step, need


def _is_factory(value: object) -> bool:
    return (
        inspect.isroutine(value) or inspect.isclass(value) or isinstance(value, functools.partial)
    )


def _is_manager(value: object, enter: str, leave: str) -> bool:
    if isinstance(value, _LOCKS) or _is_mock(value):
        return False
    return hasattr(type(value), enter) and hasattr(type(value), leave)


def _is_mock(value: object) -> bool:
    mock = sys.modules.get("unittest.mock")
    return mock is not None and isinstance(value, mock.NonCallableMock)
