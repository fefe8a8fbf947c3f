"""The names that workflows mention which are refused."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from interlock.machines import fanout, outcome, segment, waits
from interlock.machines.command import Command
from interlock.machines.compose import parallel, race
from interlock.machines.phase import phase
from interlock.machines.step import step
from interlock.machines.workflow import workflow


@step
async def charge(*args: object) -> int:
    return 1


async def helper() -> int:
    return 1


async def numbers() -> AsyncIterator[int]:
    yield 1


def plain(x: int) -> Coroutine[Any, Any, int]:
    return charge(x)


@functools.wraps(helper)
async def wrapped() -> int:
    return await helper()


class Paid(Command):
    amount: int


class Service:
    async def call(self) -> None:
        return None

    async def __call__(self) -> None:
        return None


@workflow(name="refused child")
async def child(x: int) -> int:
    return await charge(x)


def open_rows(path: str) -> list[str]:
    return [path]


def anyio_like(name: str) -> Callable[..., Any]:
    """A function as the library `anyio` has it."""

    def function(*args: object) -> None:
        del args

    function.__name__, function.__module__ = name, "anyio._core"
    return function


NAMES: dict[str, Any] = {
    "asyncio": asyncio, "contextlib": contextlib, "charge": charge, "helper": helper,
    "Paid": Paid, "child": child, "service": Service(), "approval": waits.approval,
    "sleep": waits.sleep, "wait_for": waits.wait_for, "numbers": numbers, "plain": plain,
    "wrapped": wrapped, "received": waits.received, "phase": phase,
    "parallel": parallel, "race": race, "each": fanout.each,
    "start": segment.start, "start_child": segment.start_child, "attempt": outcome.attempt,
    "functools": functools,
    "open_rows": open_rows, "limit": 5, "to_thread": anyio_like("run_sync"),
    "fail_after": anyio_like("fail_after"),
}  # fmt: skip
