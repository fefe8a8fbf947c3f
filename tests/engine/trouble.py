"""A store that is in trouble when a test says so, and workflows that misbehave."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from interlock.machines import Command, Retry, approval, sleep, step, wait_for, workflow
from interlock.store.backends.memory import MemoryStore
from interlock.store.contract import Appended, Commit
from interlock.store.errors import StoreError, StoreFull

CALLS: list[str] = []
"""What the steps were called with, in order. Tests clear it."""

RAISING: list[BaseException] = []
"""What `raising` raises: the first one, at each call."""


class Troubled(MemoryStore):
    """Refuses the next `failing` appends with `error`; `tried` counts all."""

    failing = 0
    tried = 0
    error: type[StoreError] = StoreFull

    async def append(self, commit: Commit) -> Appended:
        self.tried += 1
        if self.failing:
            self.failing -= 1
            await asyncio.sleep(0)
            raise self.error("no room")
        return await super().append(commit)


class Ping(Command):
    number: int


class Odd(BaseException):
    """Neither an exit nor an ordinary exception."""


@step
async def act(name: str) -> str:
    CALLS.append(name)
    return name


@step
async def raising() -> None:
    CALLS.append("raising")
    raise RAISING[0]


@step
async def lasting(entered: str) -> None:
    CALLS.append(entered)
    await asyncio.Event().wait()


@workflow
async def two_acts() -> list[str]:
    first = await act("first")
    CALLS.append("between")
    return [first, await act("second")]


@workflow
async def plainly_raising() -> str:
    try:
        await raising()
    except BaseException as error:
        return type(error).__name__
    return "nothing was raised"


@workflow
async def picky() -> str:
    try:
        await wait_for(Ping, where=lambda ping: 10 / ping.number > 1)
    except ZeroDivisionError:
        return "zero"
    return "fine"


@workflow
async def strict() -> int:
    ping = await wait_for(Ping, where=lambda ping: 10 / ping.number > 1)
    return ping.number


@workflow
async def bad_sleep(length: object) -> None:
    await act("before")
    await sleep(length)  # type: ignore[arg-type]  # that it is no duration is the point


@workflow
async def bad_approval(name: object) -> None:
    await approval(name)  # type: ignore[arg-type]  # that it is no text is the point


@workflow
async def lasting_run() -> None:
    await lasting("lasting")


@workflow
async def unrecordable() -> None:
    keeper = await act("before")
    handle = object()
    await act("after")
    CALLS.append(f"{keeper}{handle}")


@step
async def giving_object() -> object:
    return object()


@workflow
async def unrecordable_result() -> object:
    return await giving_object()


@step(retry=Retry(attempts=2, initial="1 day", maximum="1 day", jitter=0))
async def flaky(amount: Decimal) -> str:
    CALLS.append(f"flaky {amount}")
    if CALLS.count(f"flaky {amount}") == 1:
        raise OSError("once")
    return "done"


@workflow
async def backing_off(amount: Decimal) -> str:
    return await flaky(amount)


@step
async def echo(text: str) -> str:
    return text


@workflow
async def echoing(text: str) -> str:
    kept = text + "!"
    return await echo(kept) + kept
