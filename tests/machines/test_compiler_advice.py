"""What is refused says what to write instead, in the words of the author."""

from __future__ import annotations

import pytest

from interlock.machines import step
from interlock.machines.compiler import compile_workflow
from interlock.machines.errors import CompileError
from machines.refused import NAMES
from machines.scripted import define

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
        "ILK059",
        "await sleep('1 s')\nawait sleep('1 s')\nawait sleep('1 s')",
        'put it into a `with phase("…"):`',
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


def test_a_step_whose_name_is_taken_is_named_as_the_author_calls_it() -> None:
    @step
    async def ship(x: int) -> int:
        return x

    text = "async def flow(x):\n    await ship(1)\n    await ship(2)\n    await ship(3)"
    with pytest.raises(CompileError) as refused:
        compile_workflow(define(text, {"ship": ship}))
    assert refused.value.instead.startswith('name one: `await ship.named("first ship")(...)`, or')
