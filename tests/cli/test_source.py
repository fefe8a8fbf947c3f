"""`source`: the author's line where a run stood, from the recorded definition."""

from __future__ import annotations

import ast
import asyncio
import importlib
import sys
from pathlib import Path

import pytest

from cli import places
from cli.kit import Invoke, document
from interlock.cli.beside import beside
from interlock.cli.frames import branch_names, frames_of
from interlock.cli.source import Excerpt
from interlock.engine import Engine
from interlock.machines.ir import Machine
from interlock.projections import History, fold

FILE = Path(places.__file__)
TREE = ast.parse(FILE.read_text())


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, History]:
    path = tmp_path_factory.mktemp("places") / "places.db"
    return f"sqlite:///{path}", asyncio.run(_run(f"sqlite:///{path}"))


async def _run(url: str) -> History:
    async with Engine(url, machines=[places.deep]) as engine:
        run = await engine.start(places.deep, 3, id="d")
        while await run.status() != "completed":
            await engine.settle()
            for asked in await engine.approvals():
                await engine.approve(asked.run, asked.activity, by="ann")
        return await run.history()


def awaits(function: str) -> set[int]:
    """The lines of a function with an await of its own, and its first."""
    found: set[int] = set()
    for node in ast.walk(TREE):
        if isinstance(node, ast.AsyncFunctionDef) and node.name == function:
            found |= {node.lineno}
            found |= {one.lineno for one in ast.walk(node) if isinstance(one, ast.Await)}
    return found


def test_at_every_version_every_branch_stands_at_an_await_of_its_function(
    ran: tuple[str, History],
) -> None:
    _, history = ran
    machine = places.deep.machine
    lines = FILE.read_text().splitlines()
    deepest = 0
    for version in range(1, len(history) + 1):
        events = history.until(version)
        state = fold(events)
        for branch in ["", *branch_names(state)]:
            frames = frames_of(machine, state, events, branch)
            deepest = max(deepest, len(frames))
            for frame in frames:
                source = frame.source
                assert source.line in awaits(frame.function), (version, branch, frame)
                marked = source.lines[source.line - source.first]
                assert marked == lines[source.line - 1]
            known = {name for frame in frames for name in frame.variables}
            assert known <= {
                "n",
                "x",
                "a",
                "b",
                "y",
                "z",
                "k",
                "m",
                "u",
                "v",
                "total",
                "aside",
                "c",
            }
    assert deepest == 3


def test_a_machine_read_back_from_the_database_says_the_same(ran: tuple[str, History]) -> None:
    machine = Machine.from_json(places.deep.machine.to_json())
    events = ran[1].until(10)
    assert frames_of(machine, fold(events), events) == frames_of(
        places.deep.machine, fold(events), events
    )


def test_the_functions_that_called_each_other_are_shown_with_their_values(
    il: Invoke, ran: tuple[str, History]
) -> None:
    url, history = ran
    asked = next(e for e in history.events if e.state.endswith("first/outer/inner/approval:inner"))
    found = document(il("source", "d", "--store", url, "--version", str(asked.version), "--json"))
    assert [frame["function"] for frame in found["frames"]] == ["inner", "outer", "deep"]
    assert [frame["variables"] for frame in found["frames"][:2]] == [{"z": 10}, {"a": 5}]
    assert found["frames"][2]["variables"]["total"] == 10
    text = il("source", "d", "--store", url, "--version", str(asked.version)).stdout
    marked = [line for line in text.splitlines() if line.startswith("> ")]
    assert [line.split("  ", 1)[1].strip() for line in marked] == [
        'await approval("inner", about=z)', "b = await inner(x + a)", "u = await outer(n)",
    ]  # fmt: skip
    assert 'z = await look.named("again")(y)  # z = 10' in text


def test_a_branch_stands_in_its_own_code_called_by_the_join(
    il: Invoke, ran: tuple[str, History]
) -> None:
    url, history = ran
    version = next(m.version for m in history if len(m.branches) == 2 and "parallel" in m.state)
    text = il("source", "d", "--store", url, "--version", str(version)).stdout
    assert "→ interlock source d --version" in text
    names = document(il("source", "d", "--store", url, "--version", str(version), "--json"))[
        "branches"
    ]
    for name in names:
        at = ("--version", str(version + 4), "--branch", name, "--json")
        frames = document(il("source", "d", "--store", url, *at))["frames"]
        assert frames[0]["function"] == "inner"
        assert frames[-1]["function"] == "deep"
        assert frames[-1]["lines"][frames[-1]["line"] - frames[-1]["first"]].startswith(
            "    await parallel("
        )
    wrong = il("source", "d", "--store", url, "--version", str(version), "--branch", "nowhere")
    assert (wrong.exit_code, wrong.stderr.split(":")[0]) == (1, "error ILK094")
    assert names[0] in wrong.stderr


def test_the_line_is_right_though_the_code_was_edited(
    il: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "edited_later.py"
    module.write_text(FILE.read_text())
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    edited_later = importlib.import_module("edited_later")
    url = f"sqlite:///{tmp_path / 'edited.db'}"

    async def main() -> None:
        async with Engine(url, machines=[edited_later.deep]) as engine:
            await engine.start(edited_later.deep, 3, id="d")
            await engine.settle()

    asyncio.run(main())
    module.unlink()
    text = il("source", "d", "--store", url).stdout
    marked = [line for line in text.splitlines() if line.startswith("> ")]
    assert marked[0].endswith('await approval("inner", about=z)')


def test_a_run_that_ended_stood_last_somewhere_and_a_lifecycle_at_its_transition(
    il: Invoke,
) -> None:
    assert ", where it stood last" in il("source", "order-1").stdout
    assert il("send", "bill-1", "Pay", '{"amount": 10}').exit_code == 0
    (frame,) = document(il("source", "bill-1", "--json"))["frames"]
    assert "@on(Pay" in frame["lines"][frame["line"] - frame["first"]]
    before = document(il("source", "bill-1", "--step", "-1", "--json"))
    assert before["version"] == 1
    assert il("source", "bill-1", "--branch", "x").exit_code == 1


def test_values_stand_where_they_were_set_and_never_at_the_line_that_waits() -> None:
    text = (
        "async def f(a):", "    for x in a:", "        got = await g(x)", "        b = got",
        "    return b",
    )  # fmt: skip
    source = Excerpt("f.py", 12, 10, text, "\n".join(text), 10)
    found = beside(source, {"a": [1, 2], "x": 2, "b": 1, "got": 1, "else": 3}, 80)
    assert found == {10: "a = [1, 2]", 11: "x = 2", 13: "b = 1"}
    assert beside(source, {"a": [1, 2]}, 20) == {}


BESIDE = [  # where it stands is marked with >, the lines that may carry the value of x with *
    ["*x = 1", ">await g()", " x = 2"],
    [" if a:", "     x = 1", " else:", "     x = 2", ">await g()"],
    ["*x = 1", " if a:", ">    await g()", " else:", "     x = 2"],
    [" x = 1", " if a:", "     x = 2", ">await g()"],
    [" if a:", "*    x = 1", ">await g()"],
    [" for i in a:", "*    x = i", ">    await g()", "     y = i"],
    [" x = 0", " for i in a:", ">    await g()", "     x = i"],
    [" for i in a:", "     x = 0", "     for j in a:", ">        await g()", "         x = 1"],
    [" for i in a:", "*    x = 0", "     for j in a:", ">        await g()", "     x = 1"],
    ["*for x in a:", "     pass", ">await g()", " x = 1"],
    [" x = 0", " for x in a:", "     pass", ">await g()"],
    ["*x = 1", ">await g(", "     a,", " )", " x = 3"],
    ["*x = 1", " x = await g(", ">    await g(a),", " )"],
    [" match a:", "     case 1:", "         x = 1", "     case x:", "         pass", ">await g()"],
    [" try:", "     x = 1", " except E as x:", "     pass", ">await g()"],
    [" try:", "     pass", " finally:", "*    x = 1", ">await g()"],
    ["*x = 1", " y = [x for x in a]", ">await g()"],
    ["*(x := 1)", " def h():", "     x = 3", ">await g()"],
]


@pytest.mark.parametrize("text", BESIDE)
def test_a_value_stands_only_at_a_line_that_set_it_for_sure(text: list[str]) -> None:
    lines = ("async def f(a):", *(f"    {line[1:]}" for line in text))
    marked = next(i for i, line in enumerate(text, 1) if line[0] == ">")
    source = Excerpt("f.py", 10 + marked, 10, lines, "\n".join(lines), 10)
    expected = {10 + i: "x = 1" for i, line in enumerate(text, 1) if line[0] == "*"}
    assert beside(source, {"x": 1}, 80) == expected


def test_before_the_first_line_only_what_was_given_is_known() -> None:
    text = ("async def f(a):", "    b = await g(a)", "    return b")
    source = Excerpt("f.py", 0, 10, text, "\n".join(text), 10)
    assert beside(source, {"a": 1, "b": 2}, 80) == {10: "a = 1"}
