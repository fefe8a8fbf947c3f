"""asyncio (trio, anyio) in a workflow: what is refused, and what the author's own lines become."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from interlock.machines import waits
from interlock.machines.compiler import refusals
from interlock.machines.compiler.refusals import Refusal
from interlock.machines.compiler.syntax import short
from interlock.machines.step import Step

if TYPE_CHECKING:  # which asks here
    from interlock.machines.compiler.sites import Sites

_BY_NAME: dict[str, Refusal] = {
    "sleep": refusals.ASYNCIO_SLEEP,
    **dict.fromkeys(("wait_for", "timeout", "timeout_at", "Timeout"), refusals.ASYNCIO_TIMEOUT),
    **dict.fromkeys(("fail_after", "move_on_after", "CancelScope"), refusals.ASYNCIO_TIMEOUT),
    **dict.fromkeys(("to_thread", "run_sync", "run_in_executor"), refusals.IN_THREAD),
    **dict.fromkeys(("Lock", "Semaphore", "BoundedSemaphore", "CapacityLimiter"), refusals.LOCKS),
    **dict.fromkeys(("Event", "Condition", "Barrier"), refusals.SIGNALS),
    **dict.fromkeys(("Queue", "PriorityQueue", "LifoQueue"), refusals.QUEUES),
    **dict.fromkeys(("create_memory_object_stream", "open_memory_channel"), refusals.QUEUES),
    **dict.fromkeys(("get_running_loop", "get_event_loop"), refusals.EVENT_LOOP),
    "shield": refusals.SHIELD,
}
_REFUSALS = frozenset({refusals.CONCURRENT, *_BY_NAME.values()})
_MODULES = ("asyncio", "_asyncio", "anyio", "trio")


def concurrency(target: object) -> Refusal | None:
    """How a name of asyncio (or trio, anyio) is refused; None for anything else."""
    module = getattr(target, "__module__", None) or ""
    name = getattr(target, "__name__", "")
    if not isinstance(module, str) or module.partition(".")[0] not in _MODULES:
        return None
    if isinstance(target, type) and issubclass(target, BaseException):
        return None
    return _BY_NAME.get(name, refusals.CONCURRENT)


def advised(refusal: Refusal, called: ast.Call, sites: Sites) -> Refusal:
    """The same refusal, its advice in the author's words where they say enough."""
    if refusal not in _REFUSALS:
        return refusal
    name = called.func.attr if isinstance(called.func, ast.Attribute) else short(called.func)
    advise = _ADVICE.get(name)
    text = None if advise is None else advise(called, sites)
    return refusal if text is None else _saying(refusal, text)


def timed(
    refusal: Refusal, node: ast.With | ast.AsyncWith, called: ast.Call, sites: Sites
) -> Refusal:
    """How `async with asyncio.timeout(5):` is refused around one awaited call."""
    awaits = [n for child in node.body for n in ast.walk(child) if isinstance(n, ast.Await)]
    inner = awaits[0].value if len(awaits) == 1 else None
    if refusal is not refusals.ASYNCIO_TIMEOUT or not isinstance(inner, ast.Call):
        return refusal
    return _saying(refusal, _limited(inner, _duration(called.args[:1]), sites))


def _saying(refusal: Refusal, instead: str) -> Refusal:
    return replace(refusal, instead=instead.replace("{", "{{").replace("}", "}}"))


def _duration(given: list[ast.expr]) -> str:
    """A number of seconds as a duration, in text."""
    if not given:
        return '"30 seconds"'
    value = given[0].value if isinstance(given[0], ast.Constant) else None
    if isinstance(value, (int, float)):
        return f'"{value:g} second{"" if value == 1 else "s"}"'
    return f"timedelta(seconds={short(given[0])})"


def _limited(call: ast.Call, limit: str, sites: Sites) -> str:
    """What a call is written as that may take so long."""
    target, text = sites.target(call.func), short(call, 200)
    if isinstance(target, Step):
        function = short(call.func)
        arguments = text.removeprefix(function)
        return f"write `await {function}.with_(timeout={limit}){arguments}`, and catch TimedOut"
    if target is waits.approval or target is waits.wait_for:
        return f"write `await {text[:-1]}, timeout={limit})`, and catch TimedOut"
    return (
        f"give the steps in it a timeout=, or write `won = await race(done={text}, "
        f"late=sleep({limit}))` and look at won.name"
    )


def _wait_for(called: ast.Call, sites: Sites) -> str | None:
    given = [*called.args, *(k.value for k in called.keywords if k.arg == "timeout")]
    if not given or not isinstance(given[0], ast.Call):
        return None
    return _limited(given[0], _duration(given[1:2]), sites)


def _in_thread(called: ast.Call, sites: Sites) -> str | None:
    given = called.args[1:] if short(called.func).endswith("run_in_executor") else called.args
    if not given or not isinstance(given[0], (ast.Name, ast.Attribute)):
        return None
    name, rest = short(given[0]), [short(part) for part in given[1:]]
    rest += [f"{k.arg}={short(k.value)}" if k.arg else f"**{short(k.value)}"
             for k in called.keywords if k.arg != "limiter"]  # fmt: skip
    written = f"`await {name}({', '.join(rest)})`"
    if isinstance(sites.target(given[0]), Step):
        return f"write {written}: a step that is a plain function is called in a thread"
    return f"declare {name} with @step and write {written}: a plain function is called in a thread"


def _as_completed(called: ast.Call, sites: Sites) -> str | None:
    if not called.args:
        return None
    calls = short(called.args[0])
    return (
        f"write `for result in await parallel(*{calls}):`, or move what is done with each result "
        "into an async def, and await that for every item: `await each(one, items)`"
    )


def _wait(called: ast.Call, sites: Sites) -> str | None:
    if not called.args:
        return None
    until = next((short(k.value) for k in called.keywords if k.arg == "return_when"), "")
    first = f"`won = await race(*{short(called.args[0])})`"
    if until.endswith("FIRST_COMPLETED"):
        return f"write {first}, which gives the first result and cancels the others"
    every = "parallel" if until.endswith("FIRST_EXCEPTION") else "settle"
    return f"write `outcomes = await {every}(*{short(called.args[0])})`, or {first} for the first"


def _gather(called: ast.Call, sites: Sites) -> str:
    return f"write `results = await {short(called, 120)}` where the results are needed"


def _run(called: ast.Call, sites: Sites) -> str | None:
    given = called.args[:1]
    return f"write `await {short(given[0])}`" if given and isinstance(given[0], ast.Call) else None


def _shield(called: ast.Call, sites: Sites) -> str | None:
    given = called.args[:1]
    if not given or not isinstance(given[0], ast.Call):
        return None
    call, function = short(given[0]), short(given[0].func)
    started = ", ".join(filter(None, (function, call.removeprefix(function)[1:-1])))
    return (
        f"write `await {call}`; what has to go on when the run is cancelled is a @workflow: "
        f'`start_child({started}, on_cancel="abandon")`'
    )


_ADVICE: dict[str, Callable[[ast.Call, Sites], str | None]] = {
    "wait_for": _wait_for,
    "to_thread": _in_thread,
    "run_sync": _in_thread,
    "run_in_executor": _in_thread,
    "as_completed": _as_completed,
    "wait": _wait,
    "gather": _gather,
    "run": _run,
    "run_until_complete": _run,
    "shield": _shield,
}
"""What is said of a call, by the last part of its name."""
