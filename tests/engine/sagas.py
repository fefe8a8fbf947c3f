"""Generated workflows of undoable steps, and the world in which a test lets their calls return."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from textwrap import indent
from typing import Any, cast

from interlock.machines import (
    Retry,
    Workflow,
    current,
    each,
    parallel,
    race,
    settle,
    start,
    step,
    workflow,
)
from interlock.store.backends.memory import MemoryStore
from interlock.store.contract import Appended, Commit
from machines.scripted import define


@dataclass
class World:
    """Where calls are made: each waits until the test says how it ends.

    Attributes:
        waiting: the calls under way, by key.
        called: every call of an undo, in order: the label of its step.
        undone: those that returned: key and label.
        returned: labels of the calls that returned.
        closing: the process ends: no call returns any more.
    """

    waiting: dict[str, tuple[str, asyncio.Future[bool]]] = field(
        default_factory=dict[str, tuple[str, asyncio.Future[bool]]]
    )
    called: list[str] = field(default_factory=list[str])
    undone: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    returned: list[str] = field(default_factory=list[str])
    closing: bool = False

    async def call(self, label: str, *, stubborn: bool = False) -> str:
        key = current().key
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.waiting[key] = (label, future)
        try:
            well = await future
        except asyncio.CancelledError:
            if not stubborn or self.closing:
                raise
            well = True
        finally:
            self.waiting.pop(key, None)
        if not well:
            message = f"{label} failed"
            raise ValueError(message)
        self.returned.append(label)
        return label

    def answer(self, key: str, *, well: bool) -> None:
        label, future = self.waiting.pop(key)
        future.set_result(well and not label.endswith("end"))


WORLD = World()


async def undo(label: str) -> None:
    key = current().key
    WORLD.called.append(label)
    await WORLD.call(f"undo {label}")
    WORLD.undone.append((key, label))


@step(compensate=undo, compensate_retry=Retry.none)
async def act(label: str) -> str:
    return await WORLD.call(label)


@step(compensate=undo, compensate_retry=Retry.none)
async def stubborn(label: str) -> str:
    """Does what it does, even if it is cancelled meanwhile."""
    return await WORLD.call(label, stubborn=True)


@step(compensate=undo, compensate_retry=Retry.none, on_crash="hold")
async def once(label: str) -> str:
    """At most once: a person looks after it when its process died."""
    return await WORLD.call(label)


@step
async def plain(label: str) -> str:
    return await WORLD.call(label)


@step(irreversible="it is said")
async def post(label: str) -> str:
    return await WORLD.call(label)


NAMES: dict[str, Any] = {
    "act": act, "plain": plain, "post": post, "stubborn": stubborn, "once": once, "each": each,
    "parallel": parallel, "race": race, "settle": settle, "start": start, "workflow": workflow,
    "asyncio": asyncio,
}  # fmt: skip


class Composer:
    """Draws a workflow: a tree of sequences, joins, items, helpers and children."""

    def __init__(self, random: Random, budget: int = 12) -> None:
        self._random = random
        self._budget = budget
        self._count = 0
        self._functions: list[str] = []

    def source(self) -> str:
        """The text of a module with the workflow `flow(p)`, which fails at its end, mostly."""
        body = self._body(3, "p")
        if self._random.random() < 0.85:
            body.append("await plain.named('end')(p + 'end')")
        flow = "\n".join(body)
        main = f"@workflow(name='saga')\nasync def flow(p):\n{indent(flow, '    ')}\n"
        return "\n".join([*self._functions, main])

    def _pick(self, *options: Callable[[int, str], list[str]]) -> Callable[[int, str], list[str]]:
        return self._random.choice(options)

    def _body(self, depth: int, p: str) -> list[str]:
        lines: list[str] = []
        for _ in range(self._random.randint(1, 3)):
            simple = (self._act, self._act, self._other)
            deep = (self._join, self._join, self._each, self._started, self._tried, self._call)
            lines += self._pick(*simple, *(deep * 2 if depth > 0 else ()))(depth - 1, p)
        return lines

    def _next(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def _leaf(self, p: str, name: str = "") -> str:
        name = name or self._random.choice(["act"] * 4 + ["stubborn", "once"])
        label = self._next("n")
        self._budget -= 1
        return f"{name}.named('{label}')({p} + '{label} ')"

    def _act(self, depth: int, p: str) -> list[str]:
        return [f"await {self._leaf(p)}"]

    def _other(self, depth: int, p: str) -> list[str]:
        return [f"await {self._leaf(p, self._random.choice(['plain', 'post']))}"]

    def _function(self, depth: int) -> str:
        """A helper, or a child."""
        child = self._random.random() < 0.4
        name = self._next("child" if child else "helper")
        body = "\n".join(self._body(depth, "p")) + "\nreturn p"
        head = f"@workflow(name='saga-{name}')\n" if child else ""
        self._functions.append(f"{head}async def {name}(p):\n{indent(body, '    ')}\n")
        return name

    def _called(self, depth: int, p: str) -> str:
        if depth < 0 or self._budget < 0 or self._random.random() < 0.4:
            return self._leaf(p)
        name = self._function(depth)
        return f"{name}({p} + '{name} ')"

    def _call(self, depth: int, p: str) -> list[str]:
        return [f"await {self._called(depth, p)}"]

    def _join(self, depth: int, p: str) -> list[str]:
        calls = [self._called(depth - 1, p) for _ in range(self._random.randint(2, 3))]
        how = self._random.choice(["parallel", "parallel", "settle", "race", "asyncio.gather"])
        return [f"await {how}({', '.join(calls)})"]

    def _each(self, depth: int, p: str) -> list[str]:
        function = self._next("n")
        name = f"act.named('{function}')"
        if self._random.random() < 0.6 and self._budget > 0:
            name = self._function(depth - 1)
        items = ", ".join(f"{p} + '{function}.{i} '" for i in range(self._random.randint(1, 3)))
        options = self._random.choice(["", ", concurrency=1", ", on_error='collect'"])
        self._budget -= 3
        return [f"await each({name}, [{items}]{options})"]

    def _started(self, depth: int, p: str) -> list[str]:
        handle = self._next("s")
        lines = [f"{handle} = start({self._called(depth, p)})", *self._body(depth - 1, p)]
        ends = [[f"await {handle}"], [f"await {handle}"], [f"{handle}.cancel()"], []]
        return [*lines, *self._random.choice(ends)]

    def _tried(self, depth: int, p: str) -> list[str]:
        body = indent("\n".join(self._body(depth, p)), "    ")
        after = self._random.choice(["except Exception", "finally"])
        return [f"try:\n{body}\n{after}:\n    await {self._leaf(p)}"]


def composed(random: Random) -> tuple[str, Workflow[..., Any]]:
    """A generated workflow, with its text."""
    source = Composer(random).source()
    return source, flow_of(source)


def flow_of(source: str) -> Workflow[..., Any]:
    """The workflow `flow` of a module's text."""
    return cast("Workflow[..., Any]", define(source, NAMES))


class Mortal(MemoryStore):
    """Its process dies at commits: each of `deaths` counts them from when the engine began.

    Attributes:
        deaths: after how many commits it dies, and whether the next one is appended before.
        dead: it died, and appends nothing for this engine any more.
    """

    def __init__(self, deaths: Sequence[tuple[int, bool]] = ()) -> None:
        super().__init__()
        self.deaths = list(deaths)
        self.commits = self.since = 0
        self.dead = False

    def reborn(self) -> None:
        """A new process begins."""
        self.since, self.dead = 0, False

    async def append(self, commit: Commit) -> Appended:
        if self.dead:
            await asyncio.Event().wait()
        if self.deaths and self.since >= self.deaths[0][0]:
            self.dead = True
            _, appended = self.deaths.pop(0)
            if appended:
                await super().append(commit)
            await asyncio.Event().wait()
        self.commits += 1
        self.since += 1
        return await super().append(commit)
