"""Workflows in which calls that go on at the same time raise."""

from __future__ import annotations

import asyncio
from typing import Any

from engine.fans import Bad, minor, work
from interlock.machines import Batch, each, parallel, race, settle, start, workflow


class Worse(Exception):
    """A mistake with fields of its own."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(code, why)
        self.code = code
        self.why = why


def told(error: BaseException) -> Any:
    """An exception as a value: class, arguments, notes, members."""
    members: Any = getattr(error, "exceptions", ())
    if members:
        return [type(error).__name__, error.args[0], sorted(map(told, members))]
    return [type(error).__name__, list(error.args), getattr(error, "__notes__", [])]


async def deep(n: int) -> Any:
    try:
        return await work(n)
    except Bad as error:
        raise Worse(n, "deep") from error


async def deeper(n: int) -> Any:
    return await parallel(deep(n), work(5))


@workflow
async def one_mistake(n: int) -> Any:
    try:
        await parallel(deeper(-n), work(1), minor(2))
    except Worse as error:
        cause = error.__cause__
        return [error.code, error.why, None if cause is None else told(cause)]
    return "nothing was raised"


@workflow
async def two_mistakes(n: int) -> Any:
    try:
        await parallel(work(-n), deep(-n - 1), work.named("good")(3))
    except ExceptionGroup as group:
        return told(group)
    except Exception as error:
        return told(error)
    return "nothing was raised"


@workflow
async def all_mistaken(n: int) -> Any:
    try:
        await race(work(-n), deep(-n - 1))
    except ExceptionGroup as group:
        return told(group)
    return "nothing was raised"


@workflow
async def gathered_mistake(n: int) -> Any:
    try:
        await asyncio.gather(work(n), deep(-n))
    except Worse as error:
        return told(error)
    return "nothing was raised"


@workflow
async def mistaken_item(n: int) -> Any:
    batch = Batch(size=2, concurrency=1, delay="0 ms")
    try:
        await each(deep, [1, 2, 3, -n, 5], batch=batch, ids=list("abcde"))
    except Worse as error:
        return told(error)
    return "nothing was raised"


@workflow
async def mistaken_handle(n: int) -> Any:
    handle = start(deep(-n))
    await work(1)
    found: list[Any] = []
    for _ in range(2):
        try:
            await handle
        except Worse as error:
            found.append(told(error))
    settled = await settle(handle)
    return [*found, type(settled).__name__]


@workflow
async def mistaken_child(n: int) -> Any:
    try:
        await minor(-n)
    except Bad as error:
        return told(error)
    return "nothing was raised"
