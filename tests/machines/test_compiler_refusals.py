"""What a workflow cannot hold: each construct has its own code, line and advice."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from textwrap import dedent
from typing import Any

import pytest

from interlock.machines import compose, fanout, outcome, segment, waits
from interlock.machines.command import Command
from interlock.machines.compiler import NotYetDefined, compile_workflow
from interlock.machines.compiler.refusals import ALL
from interlock.machines.errors import CompileError
from interlock.machines.phase import phase
from interlock.machines.step import step
from interlock.machines.workflow import Workflow, workflow
from machines.scripted import define


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
    "parallel": compose.parallel, "race": compose.race, "each": fanout.each,
    "start": segment.start, "attempt": outcome.attempt, "functools": functools,
    "open_rows": open_rows, "limit": 5, "to_thread": anyio_like("run_sync"),
    "fail_after": anyio_like("fail_after"),
}  # fmt: skip

REFUSED = [
    ("ILK042", 2, "await service()"),
    ("ILK141", 2, "await service.call()"),
    ("ILK142", 2, "await numbers()"),
    ("ILK143", 2, "await wrapped()"),
    ("ILK144", 2, "await plain(x)"),
    ("ILK150", 2, "await helper(x)"),
    ("ILK150", 2, "await each(helper, x)"),
    ("ILK145", 2, "later = helper()"),
    ("ILK043", 2, "await charge"),
    ("ILK043", 2, "ys = [await y(x) for y in x]"),
    ("ILK043", 2, "await x.charge()"),
    ("ILK043", 2, "await (charge if x else helper)(x)"),
    ("ILK141", 2, "await asyncio.gather(charge(x), service.call())"),
    ("ILK141", 2, "task = asyncio.create_task(service.call())"),
    ("ILK044", 2, "await asyncio.sleep(1, x)"),
    ("ILK045", 2, "both = asyncio.gather(charge(1), charge(2))"),
    ("ILK045", 2, "await asyncio.wait([])"),
    ("ILK166", 2, "async with asyncio.TaskGroup() as group:\n    pass"),
    ("ILK166", 2, "async with asyncio.TaskGroup():\n    pass"),
    ("ILK166", 2, "async with asyncio.TaskGroup() as g, x:\n    g.create_task(charge(x))"),
    ("ILK166", 2, "async with asyncio.TaskGroup() as g:\n    await g.create_task(charge(x))"),
    (
        "ILK166",
        2,
        "async with asyncio.TaskGroup() as g:\n    g.create_task(charge(x))\n    plain(g)",
    ),
    ("ILK166", 2, "async with asyncio.TaskGroup() as g:\n    return g.create_task(charge(x))"),
    (
        "ILK166",
        3,
        (
            "for y in x:\n    async with asyncio.TaskGroup() as g:\n"
            "        g.create_task(charge(y))\n        if y:\n            break"
        ),
    ),
    (
        "ILK166",
        2,
        (
            "async with asyncio.TaskGroup() as g:\n    f = lambda y: g.create_task(charge(y))\n"
            "    f(x)"
        ),
    ),
    ("ILK141", 3, "async with asyncio.TaskGroup() as g:\n    g.create_task(service.call())"),
    ("ILK045", 2, "for done in asyncio.as_completed([]):\n    pass"),
    ("ILK046", 2, "await asyncio.wait_for(charge(1), 5)"),
    ("ILK046", 2, "async with asyncio.timeout(5):\n    await charge(x)"),
    ("ILK047", 2, "lock = asyncio.Lock()"),
    ("ILK163", 3, "await charge(x)\nqueue = asyncio.Queue()"),
    ("ILK162", 2, "ready = asyncio.Event()"),
    ("ILK048", 2, "charge(x)"),
    ("ILK048", 2, "later = charge.named('x')(x)"),
    ("ILK049", 2, "async for y in x:\n    pass"),
    ("ILK049", 2, "ys = [y async for y in x]"),
    ("ILK050", 2, "async with x as y:\n    await charge(y)"),
    ("ILK051", 2, "with open(x) as y:\n    await charge(y)"),
    ("ILK051", 2, "with contextlib.suppress(KeyError), open(x):\n    await charge(x)"),
    ("ILK053", 2, "try:\n    await charge(x)\nexcept* ValueError:\n    pass"),
    ("ILK054", 2, "global y\ny = await charge(x)"),
    ("ILK054", 3, "def inner():\n    nonlocal x\n    x = 1\nawait charge(x)"),
    ("ILK055", 4, "async def inner():\n    await charge(x)\nkept = inner"),
    ("ILK055", 4, "async def inner():\n    await charge(x)\nreturn inner()"),
    ("ILK055", 2, "async def inner(y=[]):\n    await charge(x)\nawait inner()"),
    ("ILK055", 3, "@plain\nasync def inner():\n    await charge(x)\nawait inner()"),
    ("ILK055", 5, "if x:\n    async def inner():\n        pass\nawait inner()"),
    ("ILK055", 2, "await inner()\nasync def inner():\n    pass"),
    ("ILK055", 2, "async def inner():\n    pass\nawait inner()\ninner = x"),
    ("ILK055", 3, "def outer():\n    async def inner():\n        pass\nawait charge(outer())"),
    ("ILK055", 4, "async def inner():\n    return x\nreturn [await inner() for x in [1]]"),
    (
        "ILK055",
        4,
        "async def one():\n    return x\nasync def two():\n    x = await one()\nawait two()",
    ),
    ("ILK054", 3, "async def inner():\n    nonlocal x\n    x = 1\nawait inner()"),
    (
        "ILK058",
        4,
        "def f():\n    pass\nasync def inner():\n    await charge(x)\n    f()\nawait inner()",
    ),
    ("ILK140", 3, "async def inner():\n    await inner()\nawait inner()"),
    ("ILK146", 2, "with phase(x):\n    await charge(x)"),
    ("ILK146", 2, "with phase('a/b'):\n    await charge(x)"),
    ("ILK059", 4, "with phase('charge'):\n    await charge.named('a')(x)\nawait charge(x)"),
    ("ILK056", 2, "class Inner:\n    pass"),
    ("ILK057", 2, "await charge(locals())"),
    ("ILK057", 2, "exec('x = 1')"),
    ("ILK057", 2, "y = eval('x')"),
    ("ILK057", 2, "y = vars()"),
    ("ILK058", 2, "def inner():\n    return x\nawait charge(x)\ninner()"),
    ("ILK058", 2, "inner = lambda: x\nawait charge(x)\ninner()"),
    ("ILK058", 2, "import math\nawait charge(x)\nmath.floor(x)"),
    ("ILK058", 2, "many = (y for y in x)\nawait charge(x)\nlist(many)"),
    ("ILK059", 4, "await charge(1)\nawait charge(2)\nawait charge(3)"),
    ("ILK059", 3, "await charge.named('a')(1)\nawait charge.named('a')(2)"),
    ("ILK060", 2, "await charge.named(x)(1)"),
    ("ILK061", 2, "await unknown(x)"),
    ("ILK062", 2, "ys = list(await charge(y) for y in x)"),
    ("ILK062", 2, "f = lambda y=await charge(x): y"),
    ("ILK048", 2, "child(x)"),
    ("ILK048", 2, "sleep('1 day')"),
    ("ILK048", 2, "later = parallel(charge(x))"),
    ("ILK048", 2, "found = attempt(charge, x)"),
    ("ILK048", 2, "later = charge(x)\nawait later"),
    ("ILK065", 2, "await wait_for(x)"),
    ("ILK065", 2, "await wait_for(Paid, x)"),
    ("ILK065", 2, "await wait_for(Paid | int)"),
    ("ILK065", 2, "await received()"),
    ("ILK065", 2, "await race(wait_for(x), sleep('1 day'))"),
    ("ILK066", 2, "await wait_for(Paid, where=(y := x))"),
    ("ILK068", 2, "await charge.named('completed')(x)"),
    ("ILK155", 2, "await parallel(charge(x), parallel(charge(x)))"),
    ("ILK155", 2, "later = start(each(charge, x))"),
    ("ILK156", 3, "await race(\n    wait_for(Paid, where=lambda p: p.amount), sleep('1 day'))"),
    ("ILK157", 2, "await parallel(charge(x), b=charge(x))"),
    ("ILK158", 2, "await parallel(*map(charge, x))"),
    ("ILK159", 2, "later = start(x)"),
    ("ILK160", 2, "await each(lambda y: y, x)"),
    ("ILK160", 2, "await each(functools.partial(print, x), x)"),
]


@pytest.mark.parametrize(("code", "line", "body"), REFUSED)
def test_refused(code: str, line: int, body: str) -> None:
    text = "".join(f"    {part}\n" for part in body.splitlines())
    flow = define(f"async def flow(x):\n{text}", NAMES)
    with pytest.raises(CompileError) as refused:
        compile_workflow(flow)
    error = refused.value
    assert (error.code, error.line) == (code, line)
    assert str(error).startswith(f"{code}: <program ")
    assert f">:{line}: {error.what}; {error.instead}" in str(error)
    assert error.instead


EXACT = [
    (
        "ILK046",
        "await asyncio.wait_for(charge(x, k=1), 5)",
        'write `await charge.with_(timeout="5 seconds")(x, k=1)`, and catch TimedOut',
    ),
    (
        "ILK046",
        "await asyncio.wait_for(charge.named('a')(x), timeout=limit * 2)",
        "write `await charge.named('a').with_(timeout=timedelta(seconds=limit * 2))(x)`",
    ),
    (
        "ILK046",
        "await asyncio.wait_for(wait_for(Paid), 1)",
        'write `await wait_for(Paid, timeout="1 second")`, and catch TimedOut',
    ),
    (
        "ILK046",
        "await asyncio.wait_for(helper(), 2.5)",
        'write `won = await race(done=helper(), late=sleep("2.5 seconds"))`',
    ),
    ("ILK046", "await asyncio.wait_for(x, 2.5)", "give the step or the wait a timeout="),
    (
        "ILK046",
        "async with asyncio.timeout(5):\n    y = await charge({'a': x})",
        "write `await charge.with_(timeout=\"5 seconds\")({'a': x})`, and catch TimedOut",
    ),
    (
        "ILK046",
        "with fail_after(5):\n    await charge(x)",
        'write `await charge.with_(timeout="5 seconds")(x)`, and catch TimedOut',
    ),
    (
        "ILK161",
        "rows = await asyncio.to_thread(open_rows, x, k=x)",
        "declare open_rows with @step and write `await open_rows(x, k=x)`",
    ),
    (
        "ILK161",
        "rows = await to_thread(open_rows, x)",
        "declare open_rows with @step and write `await open_rows(x)`",
    ),
    (
        "ILK161",
        "rows = await asyncio.to_thread(charge, x)",
        "write `await charge(x)`: a step that is a plain function is called in a thread",
    ),
    (
        "ILK161",
        "rows = await x.run_in_executor(None, open_rows, x)",
        "declare open_rows with @step and write `await open_rows(x)`",
    ),
    (
        "ILK165",
        "loop = asyncio.get_running_loop()\nawait loop.run_in_executor(None, open_rows, x)",
        "declare f with @step: `await f(x)` is what `loop.run_in_executor(None, f, x)` was",
    ),
    (
        "ILK045",
        "for done in asyncio.as_completed([charge(y) for y in x]):\n    await done",
        "write `for result in await parallel(*[charge(y) for y in x]):`",
    ),
    (
        "ILK045",
        "done, left = await asyncio.wait(x, return_when=asyncio.FIRST_COMPLETED)",
        "write `won = await race(*x)`, which gives the first result and cancels the others",
    ),
    (
        "ILK045",
        "done, left = await asyncio.wait({x})",
        "write `outcomes = await settle(*{x})`, or `won = await race(*{x})` for the first",
    ),
    (
        "ILK045",
        "both = asyncio.gather(charge(1), charge(2))\nawait both",
        "write `results = await asyncio.gather(charge(1), charge(2))` where the results are needed",
    ),
    ("ILK045", "y = asyncio.run(helper())", "write `await helper()`"),
    (
        "ILK164",
        "await asyncio.shield(helper(x))",
        'start_child(helper, x, on_cancel="abandon")',
    ),
    (
        "ILK049",
        "async for row in open_rows(x):\n    await charge(row)",
        "consume it in one step that returns a list: `for row in await items(...)`",
    ),
    (
        "ILK050",
        "async with contextlib.AsyncExitStack() as stack:\n    await charge(x)",
        "use it inside a step, or get and release it in steps",
    ),
    (
        "ILK166",
        "async with asyncio.TaskGroup() as group:\n    y = await charge(x)",
        "make the tasks in it, `task = group.create_task(f(x))`, and read `task.result()` behind",
    ),
    (
        "ILK053",
        "try:\n    await charge(x)\nexcept* (KeyError, ValueError):\n    pass",
        "found, others = errors.split((KeyError, ValueError))",
    ),
]


@pytest.mark.parametrize(("code", "body", "instead"), EXACT)
def test_the_advice_is_in_the_words_of_the_author(code: str, body: str, instead: str) -> None:
    text = "".join(f"    {part}\n" for part in body.splitlines())
    with pytest.raises(CompileError) as refused:
        compile_workflow(define(f"async def flow(x):\n{text}", NAMES))
    assert refused.value.code == code
    assert instead in refused.value.instead


def test_a_function_of_the_author_may_be_called_as_one_of_asyncio() -> None:
    text = "async def wait(x):\n    pass\n\nasync def flow(x):\n    later = wait(x)\n"
    with pytest.raises(CompileError, match="ILK145"):
        compile_workflow(define(text, NAMES))


def test_a_generator_is_refused() -> None:
    flow = define("async def flow(x):\n    yield await charge(x)\n", NAMES)
    with pytest.raises(CompileError, match="ILK052"):
        compile_workflow(flow)


def test_a_plain_function_is_refused() -> None:
    with pytest.raises(CompileError, match="ILK041"):
        compile_workflow(lambda: 1)


def test_a_function_without_source_is_refused() -> None:
    space: dict[str, Any] = dict(NAMES)
    exec("async def flow(x):\n    await charge(x)\n", space)
    with pytest.raises(CompileError, match="ILK040"):
        compile_workflow(space["flow"])


def test_a_wrapped_function_is_refused() -> None:
    def logged(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        async def call(*args: Any) -> Any:
            return await function(*args)

        return call

    with pytest.raises(CompileError, match="ILK063"):
        compile_workflow(logged(helper))


def test_nesting_without_end_is_refused() -> None:
    deep = "(" * 60 + "x" + " + 1)" * 60
    source = "async def flow(x):\n" + f"    y = {deep}\n" + "    await charge(y)\n"
    assert compile_workflow(define(source, NAMES)).machine.name == "flow"
    parts = " + ".join(["await charge.named('a')(x)"] + ["x"] * 600)
    with pytest.raises(CompileError, match="ILK069"):
        compile_workflow(define(f"async def flow(x):\n    return {parts}\n", NAMES))


def test_a_step_may_be_defined_further_down() -> None:
    source = """
        @workflow
        async def flow(x):
            return await later(x)

        @step
        async def later(x):
            return x
        """
    names = {**NAMES, "workflow": workflow, "step": step}
    flow: Workflow[..., Any] = define(dedent(source), names)  # type: ignore[assignment]  # decorated
    assert [place.state for place in flow.program.places.values()] == ["later"]


def test_a_name_that_never_comes_is_refused_on_first_use() -> None:
    source = "@workflow\nasync def flow(x):\n    return await later(x)\n"
    flow = define(source, {**NAMES, "workflow": workflow})
    with pytest.raises(NotYetDefined, match="ILK061"):
        _ = flow.machine  # type: ignore[attr-defined]  # decorated


def test_other_refusals_come_at_decoration() -> None:
    source = "@workflow\nasync def flow(x):\n    await asyncio.wait(x)\n    await later(x)\n"
    with pytest.raises(CompileError, match="ILK045"):
        define(source, {**NAMES, "workflow": workflow})


def test_every_refusal_has_a_code_of_its_own() -> None:
    codes = [refusal.code for refusal in ALL]
    assert codes == sorted(set(codes))
    assert codes[0] == "ILK040"
    later = {code for code in codes if code > "ILK069"}
    assert later == {f"ILK{n}" for n in (*range(140, 147), *range(150, 167))}
