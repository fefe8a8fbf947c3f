"""The parser keeps its word, whatever is collected meanwhile."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator

import pytest

from interlock.projections.parsing import parse

TEXT = "def f(a: int) -> int:\n    return g(a + 1, [b for b in range(a)], key={'x': (1, 2)})\n" * 20


class Parsing:
    """Garbage, and what its finaliser does parses something: as a traceback that is formatted."""

    def __init__(self) -> None:
        self.itself = self  # collected by the collector alone

    def __del__(self) -> None:
        ast.parse("a" + "(" * 20 + ")" * 20)


@pytest.fixture
def eager() -> Iterator[None]:
    """The collector looks at every allocation."""
    before = gc.get_threshold()
    gc.set_threshold(1)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("eager")
def test_what_is_collected_meanwhile_does_not_spoil_a_tree() -> None:
    Parsing()
    assert len(parse(TEXT).body) == 20
    assert gc.isenabled()


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    try:
        parse(TEXT)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_is_no_python_is_said_as_ever() -> None:
    with pytest.raises(SyntaxError):
        parse("def f(")
    assert gc.isenabled()
