"""What Python has from 3.12 on: `type` statements and type parameters."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from interlock.machines import step
from interlock.machines.compiler import compile_workflow
from interlock.machines.errors import CompileError
from interlock.machines.shapes import text_of
from machines.scripted import define

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="needs Python 3.12")

ALIASES = """
type Several = list[Pair[int]]
type Pair[T] = tuple[T, str | T]
type Turned[A, B] = dict[B, A]
type Tree = dict[str, Tree] | int
type Missing = list[Nowhere]
type Called = Callable[[Pair[int]], Several]
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Several", "list[tuple[int, str | int]]"),
        ("Turned", "dict[B, A]"),
        ("Tree", "dict[str, Tree] | int"),
        ("Missing", "Missing"),
        ("Called", "Callable[[tuple[int, str | int]], list[tuple[int, str | int]]]"),
    ],
)
def test_an_alias_is_told_by_what_it_stands_for(name: str, expected: str) -> None:
    from collections.abc import Callable

    assert text_of(define(ALIASES, {"Callable": Callable}, name)) == expected


def test_the_parameters_of_an_alias_are_filled_in() -> None:
    turned: Any = define(ALIASES, {}, "Turned")
    assert text_of(turned[int, str]) == "dict[str, int]"


def test_an_alias_is_no_variable() -> None:
    @step
    async def act() -> int:
        return 1

    text = "async def flow():\n    type L = list[int]\n    await act()\n    return str(L)\n"
    with pytest.raises(CompileError, match=r"ILK058.*:2: L holds a function, a module, an alias"):
        compile_workflow(define(text, {"act": act}))


def test_a_workflow_may_have_type_parameters() -> None:
    @step
    async def act(x: object) -> object:
        return x

    text = "async def flow[T: (int, str)](x: T) -> list[T]:\n    return [await act(x), str(T)]\n"
    program = compile_workflow(define(text, {"act": act}))
    assert program.machine.nodes[1].id == "act"
