"""A function that pytest collects as several tests, as if it stood where it was asked for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import pytest


def caller() -> tuple[str, int]:
    """File and line of the module that asks the public function for tests."""
    frame = inspect.currentframe()
    for _ in range(2):
        frame = None if frame is None else frame.f_back
    assert frame is not None  # somebody has called
    return frame.f_code.co_filename, frame.f_lineno


def collected(
    run: Callable[[str], None], names: Sequence[str], place: tuple[str, int], suite: object
) -> Callable[..., None]:
    """A test function with one parameter, `law`.

    Args:
        run: looks at one law; an AssertionError is the whole text of the failure.
        names: of the laws.
        place: the file and line that pytest shows.
        suite: found again as its attribute `suite`.
    """

    def look(law: str) -> None:
        try:
            run(law)
        except AssertionError as error:
            told = str(error)
        else:
            return
        pytest.fail(told, pytrace=False)

    here: Callable[[str], None] = lambda law: look(law)  # noqa: E731, PLW0108  of one line
    file, line = place
    lone: Any = here
    moved = lone.__code__.replace(co_filename=file, co_firstlineno=line, co_name="law")
    made: Any = FunctionType(moved, lone.__globals__, "law", None, lone.__closure__)
    made.__doc__ = "Generated: one law of a machine."
    made.suite = suite
    marked: Callable[..., None] = pytest.mark.parametrize("law", names)(made)
    return marked
