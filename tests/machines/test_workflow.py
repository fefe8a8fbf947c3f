"""The decorator: what a declared workflow is and offers."""

from __future__ import annotations

import types
from typing import Any

import pytest

from interlock.machines import registry
from interlock.machines.compiler import compile_workflow
from interlock.machines.errors import BadDefinition
from interlock.machines.program import Paused
from interlock.machines.step import step
from interlock.machines.workflow import Workflow, workflow
from machines.scripted import define


@step
async def double(n: int) -> int:
    return n * 2


@workflow
async def twice(n: int) -> int:
    """Doubles."""
    return await double(n)


@workflow(name="named.workflow")
async def other(n: int) -> int:
    return await double(n)


def test_a_workflow_has_a_name_and_is_registered() -> None:
    assert (twice.name, other.name) == ("twice", "named.workflow")
    assert registry.find("twice") is twice
    assert registry.find("named.workflow") is other
    assert twice.machine.name == "twice"
    assert twice.__doc__ == "Doubles."


def test_calling_it_calls_the_function() -> None:
    with pytest.raises(StopIteration) as stopped:
        twice(4).send(None)
    assert stopped.value.value == 8


def test_it_is_compiled_once() -> None:
    assert twice.program is twice.compile()
    assert isinstance(twice.program.start({"n": 1}), Paused)


def test_a_name_finds_one_definition_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_known", {"twice": [twice]})
    source = "@workflow(name='twice')\nasync def flow(n):\n    return n\n"
    define(source, {"workflow": workflow})
    with pytest.raises(BadDefinition, match="two machines are called 'twice'"):
        registry.find("twice")


def test_a_definition_made_again_takes_the_place_of_the_first() -> None:
    def make() -> Workflow[..., Any]:
        @workflow(name="made.again")
        async def local(n: int) -> int:
            return await double(n)

        return local

    first, second = make(), make()
    assert first is not second
    assert registry.find("made.again") is second


def test_steps_are_found_in_modules_and_closures() -> None:
    module = types.ModuleType("payments")
    module.double = double  # type: ignore[attr-defined]  # made here

    def make() -> Any:
        inner = double.named("inner")

        async def local(n: int) -> int:
            return await inner(n)

        return local

    assert list(compile_workflow(make()).places) == ["inner"]
    source = "async def flow(n):\n    return await payments.double.named('far')(n)\n"
    assert list(compile_workflow(define(source, {"payments": module})).places) == ["far"]
