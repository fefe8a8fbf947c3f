"""Names in an author's functions that nothing defines: found before they are reached."""

from __future__ import annotations

import builtins
import dis
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any


def undefined_names(function: Callable[..., Any]) -> Iterator[tuple[str, int]]:
    """Each global name that is read and defined nowhere by now, and the line of its first use."""
    known = {*getattr(function, "__globals__", {}), *vars(builtins)}
    code = getattr(function, "__code__", None)
    for name, line in _read(code) if isinstance(code, CodeType) else ():
        if name not in known:
            known.add(name)
            yield name, line


def _read(code: CodeType) -> Iterator[tuple[str, int]]:
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_GLOBAL":
            at = instruction.positions
            yield instruction.argval, (at.lineno if at else None) or code.co_firstlineno
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _read(inner)
