"""Law: wherever a run of a generated workflow with helpers stands, the marked line awaits there."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, note, settings

from engine.replaying import Law, in_force, replayed
from interlock.cli.frames import frames_of
from interlock.engine import Engine
from interlock.machines import Workflow
from interlock.machines.ir import Machine
from interlock.projections import History
from interlock.store.backends.memory import MemoryStore
from machines.compositions import compositions
from machines.programs import Program, Script, names
from machines.scripted import define


@pytest.fixture(scope="module")
def law() -> Iterator[list[Law]]:
    with in_force() as laws:
        yield laws


def functions(source: str) -> dict[int, str]:
    """The innermost function around each line."""
    found: dict[int, str] = {}
    for node in ast.walk(ast.parse(source)):  # inner ones come later
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            found |= dict.fromkeys(range(node.lineno, (node.end_lineno or 0) + 1), node.name)
    return found


@settings(max_examples=settings().max_examples // 6)
@given(program=compositions())
def test_the_marked_lines_are_awaits_of_functions_that_called_each_other(
    law: list[Law], program: Program
) -> None:
    note(program.source)
    lines, around = program.source.splitlines(), functions(program.source)

    async def main() -> History:
        flow: Workflow[..., Any] = Workflow(
            define(program.source, names(Script(program.codes))), "flow"
        )
        store = MemoryStore()
        law[:] = [Law(store)]
        async with Engine(store, machines=[flow]) as engine:
            run = await engine.start(flow, *program.args, id="run")
            await run.wait()
            definition = await store.definition(flow.machine.hash)
            assert definition is not None
            check(Machine.from_json(definition.ir), await run.history())
            return await run.history()

    def check(machine: Machine, history: History) -> None:
        for version in range(1, len(history) + 1):
            frames = frames_of(machine, history.state(version), history.until(version))
            for inner, frame in zip([None, *frames], frames, strict=False):
                source = frame.source
                text = source.lines[source.line - source.first]
                assert text == lines[source.line - 1]
                assert around[source.line] == frame.function
                assert "await " in text or (inner is None and "def " in text)
                assert inner is None or f"{inner.function}(" in text
            assert frames[-1].function == "flow"

    history = asyncio.run(main())
    replayed(history.events, law[0])
    law.clear()
