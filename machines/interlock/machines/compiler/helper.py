"""A coroutine function that a workflow awaits: compiled once, wherever it is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it is made of the compiler's parts, which ask it
    from interlock.machines.compiler.program import CompiledProgram


@dataclass(frozen=True, slots=True, eq=False)
class Helper:
    """What the caller of a helper has to know.

    Attributes:
        name: the function's name.
        program: its own program, with states, places and frames of its own.
        captured: variables of the enclosing function that it is given at the call, for one that
            is defined inside of a workflow.
        function: the author's function; for a nested one, something with its signature.
    """

    name: str
    program: CompiledProgram
    captured: tuple[str, ...]
    function: Callable[..., object]
