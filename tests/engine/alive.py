"""Generated workflows that wait for everything there is, for forks that go on alive."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random
from textwrap import indent
from typing import Any, cast
from zlib import crc32

from engine import sagas
from interlock.machines import (
    Batch,
    Command,
    Retry,
    Workflow,
    approval,
    current,
    each,
    parallel,
    race,
    settle,
    sleep,
    start,
    step,
    wait_for,
    workflow,
)
from interlock.machines.errors import CompileError
from interlock.machines.resilience import Breaker
from machines.scripted import define


class Ping(Command):
    pass


CALLED: list[str] = []
"""The key of every call that was made, and of every undo."""


async def _call(label: str) -> str:
    """Some fail at first, and some always."""
    now = current()
    CALLED.append(now.key)
    luck = crc32(label.encode()) % 11
    if luck == 0 or (luck < 3 and now.attempt == 1):
        message = f"{label} failed"
        raise ValueError(message)
    await asyncio.sleep(luck / 10)
    return label


async def undo(label: str) -> None:
    await _call(f"{label}undo")


BREAKER = Breaker("alive-calls", threshold=2, window="20 seconds", reset="9 seconds")
_SLOWLY = Retry(attempts=2, initial="4 seconds", maximum="4 seconds", jitter=0)


@step(compensate=undo, compensate_retry=_SLOWLY, retry=_SLOWLY)
async def act(label: str) -> str:
    return await _call(label)


@step(compensate=undo, retry=Retry.none, on_crash="hold")
async def once(label: str) -> str:
    return await _call(label)


@step(retry=_SLOWLY, breaker=BREAKER.name)
async def plain(label: str) -> str:
    return await _call(label)


NAMES: dict[str, Any] = {
    "act": act, "plain": plain, "post": plain, "stubborn": act, "once": once, "each": each,
    "parallel": parallel, "race": race, "settle": settle, "start": start, "workflow": workflow,
    "asyncio": asyncio, "sleep": sleep, "approval": approval, "wait_for": wait_for, "Ping": Ping,
    "Batch": Batch,
}  # fmt: skip


class Composer(sagas.Composer):
    """Draws a workflow: also of waits, and of branches that another input takes."""

    def _leaf(self, p: str, name: str = "") -> str:
        if name or self._random.random() < 0.5:
            return super()._leaf(p, name)
        self._budget -= 1
        limit = self._random.choice(["", f", timeout='{self._random.randint(3, 20)} seconds'"])
        return self._random.choice([
            f"sleep('{self._random.randint(1, 20)} seconds')",
            f"approval('{self._next('a')}'{limit})",
            f"wait_for(Ping{limit})",
        ])  # fmt: skip

    def _each(self, depth: int, p: str) -> list[str]:
        *lines, last = super()._each(depth, p)
        if self._random.random() < 0.5:
            return [*lines, last]
        return [*lines, f"{last[:-1]}, batch=Batch(size=1, delay='7 seconds'))"]

    def _tried(self, depth: int, p: str) -> list[str]:
        if self._random.random() < 0.5:
            return super()._tried(depth, p)
        one, other = (indent("\n".join(self._body(depth, p)), "    ") for _ in range(2))
        return [f"if {p}.startswith('x'):\n{one}\nelse:\n{other}"]


def composed(random: Random) -> tuple[str, Workflow[..., Any]]:
    """A generated workflow, with its text."""
    while True:
        source = Composer(random, 8).source()
        with suppress(CompileError):  # two sleeps after the same would be one state
            return source, cast("Workflow[..., Any]", define(source, NAMES))
