"""`Script`: what the calls of a test's runs come to, and what was called."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Literal, Self, TypeAlias

from interlock.machines.step import Step
from interlock.testing.errors import HarnessError, NotScripted
from interlock.testing.outcomes import Outcome, Real, outcome

Called: TypeAlias = Step[..., Any] | Callable[..., Any] | str
"""A step, an undo's function, or its name; `verify NAME` for what a step's `verify` answers."""


@dataclass(frozen=True, slots=True)
class StepCall:
    """A call that was made.

    Attributes:
        step: its name; of an undo, that of the function that undoes.
        args, kwargs: what it was called with.
        attempt: from 1.
        run, state: who called, and where.
        at: when, in virtual time.
        kind: what was called.
        outcome: what the script had for it.
    """

    step: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    attempt: int
    run: str
    state: str
    at: datetime
    kind: Literal["step", "undo", "verify"]
    outcome: Outcome

    def __str__(self) -> str:
        given = [*map(repr, self.args), *(f"{name}={one!r}" for name, one in self.kwargs.items())]
        again = f" (attempt {self.attempt})" if self.attempt > 1 else ""
        return f"{self.step}({', '.join(given)}){again}"


class Script:
    """Outcomes of calls by step, and a record of the calls.

    `Script({charge: Payment(id="p1")}).on(ship, OSError("down"), "tracking-1")`: `charge` returns
    the payment each time, `ship` fails at first. An outcome is a value, an exception (which is
    raised), or one of `Value`, `Error`, `Timeout`, `Hang`, `Crash`, `Real`, `Does`.

    Attributes:
        calls: every call, in the order in which they were made.
    """

    def __init__(
        self,
        outcomes: Mapping[Any, object] | None = None,
        *,
        unscripted: Literal["error", "real"] = "error",
    ) -> None:
        """A script.

        Args:
            outcomes: of every call of a step, as with `always`.
            unscripted: `real` runs the code of steps for which nothing is written; by default
                such a call is an error of the test.
        """
        self._always: dict[str, Outcome] = {}
        self._on: dict[str, deque[Outcome]] = {}
        self._line: deque[tuple[str, Outcome]] = deque()
        self._real = unscripted == "real"
        self.calls: list[StepCall] = []
        self.missing: list[str] = []
        for step, one in (outcomes or {}).items():
            self.always(step, one)

    def __repr__(self) -> str:
        parts = [f".on({step!r}, {', '.join(map(repr, left))})" for step, left in self._on.items()]
        parts += [f".always({step!r}, {one!r})" for step, one in self._always.items()]
        parts += [f".then({step!r}, {one!r})" for step, one in self._line]
        return f"Script(){''.join(parts)}"

    def always(self, step: Called, given: object) -> Self:
        """The outcome of every call of a step, once what `on` says is used up."""
        self._always[name_of(step)] = outcome(given)
        return self

    def on(self, step: Called, *outcomes: object) -> Self:
        """The outcomes of the next calls of a step, attempts included: each is used once."""
        self._on.setdefault(name_of(step), deque()).extend(map(outcome, outcomes))
        return self

    def then(self, step: Called, given: object) -> Self:
        """The outcome of the next call of all: calls have to come in the order of these lines.

        Steps of which `on` or `always` tells are no part of that order.
        """
        self._line.append((name_of(step), outcome(given)))
        return self

    def calls_of(self, step: Called) -> list[StepCall]:
        """The calls of one step, in order."""
        name = name_of(step)
        return [call for call in self.calls if call.step == name]

    @property
    def names(self) -> list[str]:
        """Names of what was called, in order."""
        return [call.step for call in self.calls]

    def left(self) -> dict[str, int]:
        """How many outcomes of each step were not used; of `always` none are."""
        found = {step: len(left) for step, left in self._on.items() if left}
        for step, _ in self._line:
            found[step] = found.get(step, 0) + 1
        return found

    def finished(self) -> Self:
        """Every outcome has to have been used.

        Raises:
            AssertionError: some were not; says which.
        """
        left = self.left()
        if left:
            said = ", ".join(f"{count} of {step}" for step, count in left.items())
            message = f"outcomes that were not used: {said}; called was {self.names}"
            raise AssertionError(message)
        return self

    def take(self, step: str) -> Outcome | None:
        """The outcome of a call that is made now; None when there is none: see `missing`."""
        if self._on.get(step):
            return self._on[step].popleft()
        if step in self._always:
            return self._always[step]
        if self._line and self._line[0][0] == step:
            return self._line.popleft()[1]
        if self._real and not self._line:
            return Real()
        self.missing.append(self._said(step))
        return None

    def check(self) -> None:
        """Raise `NotScripted` if a call had no outcome."""
        if self.missing:
            raise NotScripted("; ".join(self.missing))

    def _said(self, step: str) -> str:
        if self._line:
            return (
                f"{step} is called where the script has {self._line[0][0]}; "
                f"before it came {self.names}"
            )
        if step in self._on:
            number = self.names.count(step) + 1
            return (
                f"{step} is called for the {number}. time, and the script has no more outcomes; "
                f"give `on({step!r}, ...)` one more, or write `always({step!r}, ...)`"
            )
        near = get_close_matches(step, {*self._on, *self._always}, 1)
        instead = f" (it has {near[0]!r})" if near else ""
        return (
            f"nothing is written for {step}{instead}; write `script.always({step!r}, value)`, give "
            f"it an exception or `Real()`, or make a `Script(unscripted='real')`"
        )


def name_of(step: Called) -> str:
    """The name by which a script knows a step.

    Raises:
        HarnessError: it is no step, function or name.
    """
    if isinstance(step, str):
        return step
    name: object = getattr(step, "name", None) or getattr(step, "__name__", None)
    if not isinstance(name, str):
        message = f"{step!r} is not a step; write it, or its name: script.always('charge', value)"
        raise HarnessError(message)
    return name
