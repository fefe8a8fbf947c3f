"""Random workflows that have several calls under way: joins of every kind, handles, children."""

from __future__ import annotations

import asyncio
import copy
import re
from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from random import Random
from textwrap import indent
from types import SimpleNamespace
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from interlock import machines
from interlock.machines.native import stop
from interlock.machines.outcome import Err, Ok, Won
from interlock.machines.step import step
from machines.compositions import Composer
from machines.conductor import World
from machines.programs import CODES, PARAMETERS, Program, Script, is_python, names
from machines.script import Declined
from machines.vocabulary import Greedy, Line, Model, Odd, Pair, Size

_LOCALS = """b, c, e, ss, ys = 0, None, {'d': d}, set(), list(ys)
xs = xs[:3] if isinstance(xs, list) else [xs]
d = d if isinstance(d, dict) else {'n': d}"""
_PUBLIC = ("parallel", "settle", "race", "each", "start", "workflow", "Ok", "Err", "Won")
Known = Line | Model | Greedy | Odd | Pair | Size | Won[Any] | Ok[Any] | Err[Any]
"""Names, in an annotation, what values a child may be given."""
_RETURNED = re.compile(r"^( +)return (.+)$", re.MULTILINE)


class Joiner(Composer):
    """Draws a function whose awaits are often of several calls.

    What a call is given is copied: a run records it, and natively it would be shared.
    """

    def __init__(self, random: Random, name: str, helpers: list[str]) -> None:
        super().__init__(random, helpers)
        self._size = 24
        self.name = name
        self.handles: list[str] = []
        self._joins = 0

    def awaiting(self, depth: int = 1, kind: str = "act") -> str:
        if self.handles and self.chance(4):
            taken = self.pick(*self.handles)
            self.handles.remove(taken)  # each stands there twice
            return f"await {taken}"
        if depth > 0 and self.chance(2):
            return self.join(depth)
        return f"await {self.call(depth, kind)}"

    def call(self, depth: int, kind: str = "act") -> str:
        """A call that something can be done with."""
        if self.helpers and self.chance(3):
            name = self.helpers.pop(self._random.randrange(len(self.helpers)))
            return f"{name}({self.given(depth)}, fresh(d), fresh(xs))"
        self._awaits += 1
        label = f"{self.name}{self._awaits}"
        return f"{kind}.named('{label}')('{label}', {self.given(depth)})"

    def given(self, depth: int) -> str:
        return f"fresh({self.value(min(depth - 1, 0))})"

    def read(self, depth: int) -> str:
        text = super().read(depth)
        return text if "key=id" not in text else f"{self.value(0)}"

    def calls(self, depth: int, least: int = 1) -> list[str]:
        count = self._random.randint(max(least, 1), 3)
        made = [self.call(depth - 1) for _ in range(count)]
        if self.chance(6):
            other = self.call(depth - 1)
            made[0] = f"{made[0]} if {self.test(0)} else {other}"
        return made

    def listed(self, depth: int) -> str:
        """Calls in a list, one for each item."""
        items = self.pick("xs[:3]", "range(2)", "(a, b)", "list(d)[:2]")
        condition = self.pick("", "", " if x")
        made = self.call(depth - 1)
        if made.startswith(("act", "many")):
            made = made.removesuffix(")") + ", fresh(x))"
        return f"[{made} for x in {items}{condition}]"

    def named(self, depth: int) -> str:
        return ", ".join(f"{n}={c}" for n, c in zip("pqr", self.calls(depth), strict=False))

    def join(self, depth: int) -> str:
        """An await of several calls."""
        several = lambda: ", ".join(self.calls(depth, 2))  # noqa: E731  one of the choices
        listed = lambda: f"*{self.listed(depth)}"  # noqa: E731  one of the choices
        named = lambda: self.named(depth)  # noqa: E731  one of the choices
        made = self.pick(
            lambda: f"parallel({self.pick(several, named, listed)})",
            lambda: f"parallel({self.pick(several, named, listed)})",
            lambda: f"settle({self.pick(several, named, listed)})",
            lambda: f"asyncio.gather({self.pick(several, listed)})",
            lambda: f"asyncio.gather({self.pick(several, listed)}, return_exceptions=True)",
            lambda: f"race({self.pick(several, named)})",
            lambda: f"each({self.every(depth)})",
        )
        return f"await {made}"

    def every(self, depth: int) -> str:
        options = self.pick("", "", ", concurrency=1", ", concurrency=2")
        options += self.pick("", "", ", on_error='collect'")
        made = self.call(depth - 1)
        if made.startswith(("act", "many")):
            made = made.removesuffix(")") + ", fresh(x))"
        items = self.pick("xs[:3]", "range(3)", "items", "list(d)")
        if self.chance(2):
            return f"{self.listed(depth)}{options}"
        return f"lambda x: {made}, {items}{options}"

    def statement(self, depth: int, loop: bool) -> str:
        if self.handles and self.chance(10):
            taken = self.pick(*self.handles)
            text = self.pick(
                f"c = await asyncio.gather({taken}, return_exceptions=True)",
                f"c = await settle({taken}, {self.call(1)})",
                f"xs = list(await parallel(*[{taken}]))",
            )
            self._phases += 1
            return f"with phase('p{self._phases}'):\n{self.indented(text)}"
        if depth > 0 and self.chance(6):
            return self.group(depth)
        return super().statement(depth, loop)

    def group(self, depth: int) -> str:
        """A group of tasks, and what came of them."""
        self._joins += 1
        name = f"g{self._joins}"
        count = self._random.randint(1, 3)
        made = [f"v{i} = {name}.create_task({self.call(depth - 1)})" for i in range(count)]
        if self.chance(3):
            made.append(f"vs = [{name}.create_task({self.call(depth - 1)}) for x in range(2)]")
        if self.chance(4):
            made.insert(1, self.pick("bump(xs)", "c = 1 // num(a)", "e = d"))
        taken = self.pick("v0.result()", "(v0.done(), v0.cancelled())", "[v0.result()]")
        text = f"async with asyncio.TaskGroup() as {name}:\n{self.indented(chr(10).join(made))}\n"
        text += f"c = {taken}"
        if self.chance(2):
            return text
        failed = "c = repr(err), v0.cancelled() or repr(v0.exception())"
        return f"try:\n{self.indented(text)}\nexcept ExceptionGroup as err:\n    {failed}"

    def begun(self) -> str:
        """Calls that are started and perhaps never awaited."""
        parts: list[str] = []
        for name in ("t1", "t2")[: self._random.randint(0, 2)]:
            how = self.pick("start", "asyncio.create_task")
            parts.append(f"{name} = {how}({self.call(1)})")
            self.handles += [name, name]
        return "\n".join(parts) or "pass"

    def part(self, name: str) -> str:
        """A helper, or a workflow of its own."""
        first = f"b = await act.named('{self.name}')('{self.name}', fresh(a))"
        parts = [_LOCALS, first, self.begun() if self.chance(3) else "pass"]
        parts += [self.block(depth, loop=False) for depth in (1, 2)]
        parts += self._calls()
        parts.append(f"return {self.pick('c', 'xs', 'd', '(a, d, c)', '[xs, ys]', 'e', 'None')}")
        body = "\n".join(parts)
        head = "@workflow\n" if name.startswith("w") else ""
        takes = "a, d, xs=(1,), items=(2, 3), ys: Known = ()"
        return f"{head}async def {name}({takes}):\n{indent(body, '    ')}\n"

    def flow(self) -> str:
        parts = ["b, c, xs, ys, e, ss = 0, None, [1, d], [], d, set()", self.begun()]
        parts += [self.guarded(depth) for depth in (2, 2, 1)]
        parts += self._calls()
        parts.append("return repr((a, b, c, xs, ys, d, e, xs is ys, d is e, c is d, items, ss))")
        body = "\n".join(parts)
        return f"async def flow({PARAMETERS}):\n{indent(body, '    ')}\n"

    def _calls(self) -> list[str]:
        found: list[str] = []
        while self.helpers:
            target = self.pick("c", "c", "xs", "b", "d['r']")
            guard = "except Exception as guard:\n    c = repr(guard)"
            text = f"{target} = {self.join(2)}" if self.chance(2) else f"c = await {self.call(1)}"
            found.append(f"try:\n{indent(text, '    ')}\n{guard}")
        return found


def joined_source(random: Random) -> str:
    """The text of a module with helpers, child workflows and a workflow."""
    known: list[str] = []
    parts: list[str] = []
    for name in ("h1", "w1", "h2")[: random.randint(0, 3)]:
        if random.randrange(4):
            parts.append(Joiner(random, f"{name}s", list(known) if random.randrange(2) else [])
                         .part(name))  # fmt: skip
            known.append(name)
    parts.append(Joiner(random, "s", known).flow())
    return _RETURNED.sub(r"\1return fresh(\2)", "\n".join(parts))


@st.composite
def joined_programs(draw: Any) -> Program:
    """Workflows with several calls at a time that end, whatever their steps do."""
    source = joined_source(draw(st.randoms(use_true_random=False)))
    assume(is_python(source))
    codes = draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=12))
    items: list[Any] = [{"n": 1}, {"n": 2, "k": [1]}, 3]
    return Program(source, codes, [draw(st.integers(0, 4)), items, {"n": 1}])


def joined_names(world: World) -> dict[str, Any]:
    """The globals of such a program: its steps end when the world says so."""

    @step(raises=(Declined,), interruptions=1_000)
    async def act(*args: Any, **kwargs: Any) -> Any:
        return await world.call(*args, **kwargs)

    @step(raises=(Declined,), interruptions=1_000)
    async def many(*args: Any, **kwargs: Any) -> list[Any]:
        value = await world.call(*args, **kwargs)
        return [value, {"n": value}, 1]

    public = {name: getattr(machines, name) for name in _PUBLIC}
    found = {**names(Script([0])), **public, "act": act, "many": many}
    return {**found, "fresh": _fresh, "asyncio": asyncio, "Known": Known}


def _fresh(value: Any) -> Any:
    """A copy; of what contains itself its text, since only variables may do so."""
    text = repr(value)
    return text if "..." in text else copy.deepcopy(value)


def native_names(found: dict[str, Any]) -> dict[str, Any]:
    """The same for asyncio, made to end what runs end.

    When a call of a `gather` fails the others are cancelled, and so is what a workflow has
    started and not awaited when it is over.
    """
    begun: ContextVar[list[asyncio.Future[Any]]] = ContextVar("begun")

    def start(call: Awaitable[Any]) -> asyncio.Future[Any]:
        task = asyncio.ensure_future(call)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        begun.get().append(task)
        return task

    def workflow(function: Callable[..., Any]) -> Callable[..., Any]:
        async def run(*args: Any) -> Any:
            before: list[asyncio.Future[Any]] = []
            around = begun.set(before)
            try:
                return await function(*args)
            finally:
                await stop(before)
                begun.reset(around)

        return run

    loop = SimpleNamespace(gather=_gather, create_task=start, TaskGroup=asyncio.TaskGroup)
    return {**found, "asyncio": loop, "workflow": workflow, "start": start}


async def _gather(*calls: Awaitable[Any], return_exceptions: bool = False) -> Any:
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks, return_exceptions=return_exceptions)
    finally:
        await stop(tasks)


async def natively(
    flow: Callable[..., Any], world: World, args: list[Any]
) -> tuple[Any, BaseException | None]:
    """What the author's function gives, run by asyncio."""
    asyncio.get_running_loop().set_exception_handler(_forget)
    before = asyncio.all_tasks()
    task = asyncio.ensure_future(flow(*copy.deepcopy(args)))
    await world.conduct(task.done)
    await stop(asyncio.all_tasks() - before)
    if task.cancelled():
        return None, CancelledError()
    error = task.exception()
    return (task.result() if error is None else None), error


def _forget(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Errors of what is never awaited are nobody's."""
