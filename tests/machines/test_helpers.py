"""Helpers, nested functions and phases: what they add to a machine, and that they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from interlock.cli.source import excerpt
from interlock.machines import CompileError, phase, step
from interlock.machines.check import problems
from interlock.machines.compiler import compile_workflow
from interlock.machines.draw.dot import dot
from interlock.machines.draw.mermaid import mermaid
from interlock.machines.ir import Machine
from interlock.machines.program import Paused, Raised, Returned
from interlock.machines.waits import approval
from machines.programs import Declined, Script, names
from machines.scripted import Restored, compiled, define, natively


@dataclass
class Note:
    text: str


class Refusal(Exception):
    pass


async def undo(result: object) -> None:
    return None


@step(raises=(Declined,), compensate=undo)
async def ask(who: object) -> Note:
    return Note(str(who))


@step
async def tell(who: object) -> object:
    return who


async def review(document: list[Any], who: str = "ann", *, strict: bool = False) -> Note:
    document.append(who)
    note = await ask(who)
    if strict and not note.text:
        raise Refusal(who)
    await approval("editor", timeout="1 day")
    return note


async def twice(document: list[Any]) -> list[Note]:
    return [await review(document), await tell_and(document)]


async def tell_and(document: list[Any]) -> Note:
    with phase("telling"):
        await tell(document)
    return Note("told")


async def flow(document: list[Any]) -> object:
    with phase("reading"):
        notes = await twice(document)
    await tell(notes)
    return notes


MACHINE = compile_workflow(flow).machine


def test_states_of_helpers_are_nested() -> None:
    nested = {node.id: (node.kind, node.parent) for node in MACHINE.nodes if node.parent}
    assert nested == {
        "reading/twice": ("compound", "reading"),
        "reading/twice/start": ("initial", "reading/twice"),
        "reading/twice/review": ("compound", "reading/twice"),
        "reading/twice/review/start": ("initial", "reading/twice/review"),
        "reading/twice/review/ask": ("step", "reading/twice/review"),
        "reading/twice/review/approval:editor": ("approval", "reading/twice/review"),
        "reading/twice/review/completed": ("final", "reading/twice/review"),
        "reading/twice/tell_and": ("compound", "reading/twice"),
        "reading/twice/tell_and/start": ("initial", "reading/twice/tell_and"),
        "reading/twice/tell_and/telling": ("compound", "reading/twice/tell_and"),
        "reading/twice/tell_and/telling/tell": ("step", "reading/twice/tell_and/telling"),
        "reading/twice/tell_and/completed": ("final", "reading/twice/tell_and"),
        "reading/twice/completed": ("final", "reading/twice"),
    }
    assert problems(MACHINE) == []
    assert Machine.from_json(MACHINE.to_json()) == MACHINE


def test_what_can_fail_in_a_helper_leaves_it_by_name() -> None:
    leaving = {e.event for e in MACHINE.edges if e.source == "reading/twice"}
    assert leaving == {
        "done",
        "raise Declined",
        "raise Refusal",
        "raise TimedOut",
        "error",
        "cancel",
    }
    assert MACHINE.raises == ("Declined", "Refusal", "TimedOut")
    assert "compensating" in MACHINE.by_id
    assert "reading/twice/review/compensating" not in MACHINE.by_id


def test_the_classes_of_helpers_are_known() -> None:
    assert Note in compile_workflow(flow).types
    assert Refusal in compile_workflow(flow).types


def test_a_state_of_a_helper_is_shown_in_the_helper() -> None:
    found = excerpt(MACHINE, "reading/twice/review/ask")
    assert found.lines[found.line - found.first] == "    note = await ask(who)"
    found = excerpt(MACHINE, "reading/twice")
    assert found.lines[found.line - found.first] == "        notes = await twice(document)"


def test_helpers_are_drawn_as_nested_states() -> None:
    drawn = mermaid(MACHINE, at="reading/twice/review/ask")
    assert 'state "review" as reading_twice_review {' in drawn
    assert "                [*] --> reading_twice_review_ask" in drawn.splitlines()
    assert "subgraph cluster_reading_twice_review {" in dot(MACHINE)


def _hash(helper: str) -> str:
    source = f"{helper}\nasync def flow(x):\n    return await help(x)\n"
    return compile_workflow(define(source, {"tell": tell})).machine.hash


def test_a_changed_helper_is_a_changed_workflow() -> None:
    first = _hash("async def help(x):\n    return await tell(x)\n")
    assert first == _hash("async def help(x):  # tells\n\n    return (await tell(x))\n")
    assert first != _hash("async def help(x):\n    return await tell(x + 1)\n")


def test_a_helper_of_another_file_says_so() -> None:
    helper = define("async def help(x):\n    return await tell(x)\n", {"tell": tell}, "help")
    function = define("async def flow(x):\n    return await help(x)\n", {"help": helper})
    machine = compile_workflow(function).machine
    assert machine.by_id["help/tell"].file == helper.__code__.co_filename != machine.file
    assert machine.by_id["help"].file == ""
    found = excerpt(machine, "help/tell")
    assert (found.file, found.line) == (helper.__code__.co_filename, 2)
    assert found.lines == ("async def help(x):", "    return await tell(x)")


def test_errors_in_a_helper_point_at_it_and_say_that_it_may_be_a_step() -> None:
    helper = define("async def help(x):\n    async with x:\n        pass\n", {}, "help")
    function = define("async def flow(x):\n    return await help(x)\n", {"help": helper})
    with pytest.raises(CompileError, match="or declare help with @step") as refused:
        compile_workflow(function)
    assert (refused.value.code, refused.value.line) == ("ILK050", 2)
    assert refused.value.file == helper.__code__.co_filename


def test_recursion_by_way_of_others_is_refused() -> None:
    source = """
async def flow(x):
    return await one(x)

async def one(x):
    return await two(x)

async def two(x):
    return await one(x)
"""
    with pytest.raises(CompileError, match="one awaits itself: one > two > one") as refused:
        compile_workflow(define(source, {}))
    assert (refused.value.code, refused.value.line) == ("ILK140", 9)


def test_helpers_are_found_in_classes_and_closures() -> None:
    class Kit:
        @staticmethod
        async def tell_it(x: object) -> object:
            return await tell(x)

    def logged(function: Callable[..., Any]) -> Callable[..., Any]:
        async def around(*args: Any) -> Any:
            return await function(*args)

        return around

    source = "async def flow(x):\n    return await Kit.tell_it(x), await logged(x)\n"
    program = compile_workflow(define(source, {"Kit": Kit, "logged": logged(Kit.tell_it)}))
    assert list(program.places) == ["tell_it", "around"]
    assert {"tell_it/tell", "around/tell_it/tell"} <= program.machine.by_id.keys()


def test_arguments_are_bound_by_python() -> None:
    source = """
async def help(a, /, b=2, *rest, c, **more):
    return await act(a, b, rest, c, more)

async def flow(args, words):
    try:
        return await help(*args, **words)
    except TypeError as error:
        return error.args
"""
    script = Script([1])
    function = define(source, names(script))
    program = compile_workflow(function)
    for args, words in ([1], {"c": 3}), ([1, 2, 3], {"c": 4, "d": 5}), ([], {}), ([1], {"x": 1}):
        expected = natively(function, script, [args, words])
        assert compiled(program, script, [args, words], Restored()) == expected


def test_the_last_segment_of_a_helper_is_recorded() -> None:
    source = """
async def take(box):
    item = box.pop()
    box = None
    await act()
    item.append(await act())
    item = None

async def fill(item):
    item.append(4)
    item = None
    return 5

async def flow(kept):
    await take([kept])
    await fill([kept][0])
    await act()
    for item in [kept, [1]]:
        with phase("again"):
            await fill(item)
    with phase("end"):
        await act()
    return kept
"""
    script = Script([1])
    function = define(source, names(script))
    expected = natively(function, script, [[0]])
    assert expected.result == "[0, 1, 4, 4]"
    assert compiled(compile_workflow(function), script, [[0]], Restored()) == expected


def test_a_helper_that_returned_may_share_what_it_gives_back() -> None:
    source = """
async def same(box):
    return box.pop()

async def flow(kept):
    got = await same([kept])
    got.append(1)
    got = None
    await act()
    try:
        await failing(kept)
    except ValueError as error:
        error.args[0].append(2)
    await act()
    return kept

async def failing(kept):
    await act()
    raise ValueError(kept)
"""
    script = Script([1])
    function = define(source, names(script))
    expected = natively(function, script, [[0]])
    assert expected.result == "[0, 1, 2]"
    assert compiled(compile_workflow(function), script, [[0]], Restored()) == expected


def test_what_a_helper_raises_has_the_callers_error_as_its_context() -> None:
    source = """
async def failing():
    try:
        await act()
    except ValueError:
        raise KeyError(1)

async def flow():
    try:
        raise LookupError(0)
    except LookupError:
        await failing()
"""
    script = Script([8])
    function = define(source, names(script))
    expected = natively(function, script, [])
    assert "during (LookupError(0,))" in expected.result
    assert compiled(compile_workflow(function), script, [], Restored()) == expected


NESTED = """
async def flow(limit, kept):
    async def add(n, *, times=LIMIT):
        while n < limit:
            n += await act(n, late)
            kept.append(n)
        return times

    async def both(n):
        first = await add(n)
        return first, await inner(n)

    async def inner(n):
        late.append(n)
        return await act(late)

    late = [1]
    try:
        got = await both(0)
    finally:
        del late
    try:
        return await inner(1)
    except NameError:
        return got, kept
"""


def test_nested_functions_see_the_variables_around_them() -> None:
    script = Script([1, 2])
    function = define(NESTED, {**names(script), "LIMIT": 3})
    program = compile_workflow(function)
    assert {"kept", "late"} <= set(program.places["both"].live)
    expected = natively(function, script, [4, []])
    assert compiled(program, script, [4, []], Restored()) == expected
    assert "both/add/act" in program.machine.by_id


def test_a_phase_changes_names_only() -> None:
    def text(block: str) -> str:
        head = "async def flow(xs):\n    for x in xs:\n"
        return f"{head}        {block}:\n            a = await act(x)\n            if a: return a\n"

    script = Script([0, 1])
    with_phase = define(text("with phase('work')"), names(script))
    without = define(text("if True"), names(script))
    one, other = compile_workflow(with_phase), compile_workflow(without)
    assert [e.event for e in one.machine.edges] == [e.event for e in other.machine.edges]
    assert list(one.places) == ["work/act"]
    expected = natively(without, script, [[1, 2, 3]])
    assert natively(with_phase, script, [[1, 2, 3]]) == expected
    assert compiled(one, script, [[1, 2, 3]], Restored()) == expected


def test_a_helper_without_awaits_returns_at_once() -> None:
    helper = "async def total(xs):\n    return sum(xs)\n"
    source = f"{helper}\nasync def flow(xs):\n    return await total(xs)\n"
    program = compile_workflow(define(source, {}))
    paused = program.start(program.bind(([1, 2],), {}))
    assert isinstance(paused, Paused)
    assert paused.place.program is not None
    total = paused.place.program
    ended = total.start(total.bind(paused.args, paused.kwargs))
    assert isinstance(ended, Returned)
    assert ended.value == 3
    assert isinstance(total.start({"xs": [None]}), Raised)
    assert ("start", "completed") in total.machine.moves
