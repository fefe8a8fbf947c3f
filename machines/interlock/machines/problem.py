"""What a check has found: something that is wrong with a machine, and its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a machine, or that its author should know.

    Attributes:
        code: which problem it is, the same in every release.
        severity: an `error` cannot run as drawn; a `warning` is most likely a mistake; an
            `info` is advice: it may be meant.
        state: where, "" for the machine as a whole.
        message: what it is, and what to do.
        line: line of the author's source file, 0 for none.
        file: that file, "" for that of the machine.
        trace: the shortest way to it, a line for each move; () where nothing leads there.
    """

    code: str
    severity: Severity
    state: str
    message: str
    line: int
    file: str = ""
    trace: tuple[str, ...] = ()
