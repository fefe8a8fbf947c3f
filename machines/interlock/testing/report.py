"""A failing case in words: one line an event, then what was expected and what came."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from interlock.testing.broken import Broken
from interlock.testing.moves import Case


def report(
    machine: str,
    law: str,
    case: Case,
    broken: Broken,
    lines: Sequence[str],
    file: Path | None,
    *,
    known: bool = False,
) -> str:
    """What a failing test says.

    Args:
        law: what should hold, as a sentence.
        lines: one for each move, such as `Pay(amount=1) -> paid`.
        file: where the case is kept, None where it is not.
        known: it is from there.
    """
    told = [f"{machine}: {law}; it does not:", "", f"  begins with {_start(case)}"]
    why = [f"        {line}" for line in broken.why.splitlines()]
    for number, line in enumerate(lines):
        told.append(f"  {number + 1}. {line}")
        if broken.move == number:
            told += why
    if broken.move is None or not 0 <= broken.move < len(lines):
        told += why
    told += [f"  while {fault}" for fault in case.faults]
    if file is not None:
        how = "it is played from" if known else "kept, to be played first from now on:"
        told += ["", f"{how} {file}"]
    return "\n".join(told)


def _start(case: Case) -> str:
    start: object = case.start
    if isinstance(start, dict):
        named = cast("dict[str, Any]", start)
        return ", ".join(f"{name}={value!r}" for name, value in named.items()) or "nothing"
    return repr(start)
