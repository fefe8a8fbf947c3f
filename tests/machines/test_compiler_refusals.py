"""What a workflow cannot hold: each construct has its own code, line and advice."""

from __future__ import annotations

import functools
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from interlock.machines.compiler import NotYetDefined, compile_workflow
from interlock.machines.compiler.refusals import ALL
from interlock.machines.errors import CompileError
from interlock.machines.step import step
from interlock.machines.workflow import Workflow, workflow
from machines.refused import NAMES, helper
from machines.scripted import define

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
    ("ILK167", 2, "kid = start_child(child(x), id='a')"),
    ("ILK168", 2, "await wait_for.named('first')(Paid)"),
    ("ILK168", 2, "await child.named('first')(x)"),
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
    assert later == {f"ILK{n}" for n in (*range(140, 147), *range(150, 169))}
