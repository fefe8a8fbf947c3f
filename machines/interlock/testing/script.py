"""`Script`: what the calls of a test's runs come to, and what was called."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Literal, Self, TypeAlias, get_args, get_type_hints

from pydantic import BaseModel

from interlock.machines.step import Step
from interlock.machines.workflow import Workflow
from interlock.testing.errors import HarnessError, NotScripted, NotTaken
from interlock.testing.outcomes import Outcome, Real, Value, outcome

Unused: TypeAlias = Literal["error", "ignore"]
Unscripted: TypeAlias = Literal["error", "real"]

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
        unused: see `Script(unused=)`; may be changed.
        real: whether the code of steps is run for which nothing is written.
        by_name: steps that were given by a name, and may be misspelt.
        known: what the machines call that were started; environments add to it.
    """

    def __init__(
        self,
        outcomes: Mapping[Any, object] | None = None,
        *,
        unscripted: Unscripted = "error",
        unused: Unused = "error",
    ) -> None:
        """A script.

        Args:
            outcomes: of every call of a step, as with `always`.
            unscripted: `real` runs the code of steps for which nothing is written; by default
                such a call is an error of the test.
            unused: by default it is an error when an environment closes and there is something
                for a step that nothing there calls, or an outcome of `on` or `then` that no call
                took. `ignore` is for a script that several tests share.

        Raises:
            HarnessError: something cannot be meant; says what to write.
        """
        self._always: dict[str, Outcome] = {}
        self._on: dict[str, deque[Outcome]] = {}
        self._line: deque[tuple[str, Outcome]] = deque()
        self.unused: Unused = _one_of("unused", unused, Unused)
        self.real = _one_of("unscripted", unscripted, Unscripted) == "real"
        self.calls: list[StepCall] = []
        self.missing: list[str] = []
        self.wrong: list[str] = []
        self.by_name: set[str] = set()
        self.known: dict[str, str] = {}
        for step, one in _mapping(outcomes).items():
            self.always(step, one)

    def __repr__(self) -> str:
        parts = [
            f".on({step!r}, {', '.join(map(repr, left))})"
            for step, left in self._on.items()
            if left
        ]
        parts += [f".always({step!r}, {one!r})" for step, one in self._always.items()]
        parts += [f".then({step!r}, {one!r})" for step, one in self._line]
        return f"Script(){''.join(parts)}"

    def always(self, step: Called, given: object) -> Self:
        """The outcome of every call of a step, once what `on` says is used up.

        Raises:
            HarnessError: it is no step, or that can be the outcome of no call of it.
        """
        self._always[self._name(step)] = _outcome_of(step, given)
        return self

    def on(self, step: Called, *outcomes: object) -> Self:
        """The outcomes of the next calls of a step, attempts included: each is used once.

        Raises:
            HarnessError: as `always`.
        """
        name = self._name(step)
        self._on.setdefault(name, deque()).extend([_outcome_of(step, one) for one in outcomes])
        return self

    def then(self, step: Called, given: object) -> Self:
        """The outcome of the next call of all: calls have to come in the order of these lines.

        Steps of which `on` or `always` tells are no part of that order.

        Raises:
            HarnessError: as `always`.
        """
        self._line.append((self._name(step), _outcome_of(step, given)))
        return self

    def calls_of(self, step: Called) -> list[StepCall]:
        """The calls of one step, in order.

        Raises:
            HarnessError: none was made, and no machine that was started has a step of this name.
        """
        __tracebackhide__ = True
        name = name_of(step)
        found = [call for call in self.calls if call.step == name]
        if isinstance(step, str) and not found and self.known and name not in self.known:
            near = get_close_matches(name, self.known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            message = f"no step is called {name!r}{hint} (there are {', '.join(self.known)})"
            raise HarnessError(message)
        return found

    @property
    def names(self) -> list[str]:
        """Names of what was called, in order."""
        return [call.step for call in self.calls]

    @property
    def steps(self) -> list[str]:
        """Names of the steps that it has something for."""
        return [*dict.fromkeys([*self._always, *self._on, *(step for step, _ in self._line)])]

    def left(self) -> dict[str, int]:
        """How many outcomes of each step were not used; of `always` none are."""
        found = {step: len(left) for step, left in self._on.items() if left}
        for step, _ in self._line:
            found[step] = found.get(step, 0) + 1
        return found

    def finished(self) -> Self:
        """Every outcome has to have been used.

        Raises:
            NotTaken: some were not; says which. It is an `AssertionError`, too.
        """
        __tracebackhide__ = True
        left = self.left()
        if left:
            said = ", ".join(f"{count} of {step}" for step, count in left.items())
            message = f"outcomes that were not used: {said}; called was {self.names}"
            raise NotTaken(message)
        return self

    def take(self, step: str) -> Outcome | None:
        """The outcome of a call that is made now; None when there is none: see `missing`."""
        if self._on.get(step):
            return self._on[step].popleft()
        if step in self._always:
            return self._always[step]
        if self._line and self._line[0][0] == step:
            return self._line.popleft()[1]
        if self.real and not self._line:
            return Real()
        self.missing.append(self._said(step))
        return None

    def check(self) -> None:
        """Raise `NotScripted` if a call had no outcome, `HarnessError` if one did not fit it."""
        __tracebackhide__ = True
        if self.wrong:
            raise HarnessError("; ".join(self.wrong))
        if self.missing:
            raise NotScripted("; ".join(self.missing))

    def _name(self, step: Called) -> str:
        name = name_of(step)
        if isinstance(step, str):
            self.by_name.add(name)
        return name

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
    if isinstance(step, str) and step:
        return step
    if isinstance(step, Workflow):
        message = f"{step.name} is a workflow, and is run; give outcomes of the steps that it calls"
        raise HarnessError(message)
    name: object = getattr(step, "name", None) or getattr(step, "__name__", None)
    if not isinstance(name, str) or isinstance(step, type) or name == "<lambda>":
        message = f"{step!r} is not a step; write it, or its name: script.always('charge', value)"
        raise HarnessError(message)
    return name


def _outcome_of(step: Any, given: object) -> Outcome:
    """What a step was given; a model or dataclass has to be of the class that the step returns."""
    found = outcome(given)
    if isinstance(found, Value) and found.value is not None and isinstance(step, Step):
        kind = _returned(step.function)
        if kind is not None and not isinstance(found.value, kind):
            name = kind.__name__
            message = (
                f"{step.name} returns a {name}, and {found.value!r} is none; write {name}(...)"
            )
            raise HarnessError(message)
    return found


def _returned(function: Callable[..., Any]) -> type | None:
    """The model or dataclass that a step is declared to return."""
    try:
        kind: Any = get_type_hints(function).get("return")
    except (NameError, TypeError):
        return None
    model = inspect.isclass(kind) and issubclass(kind, BaseModel)
    return kind if model or (inspect.isclass(kind) and is_dataclass(kind)) else None


def _mapping(outcomes: Mapping[Any, object] | None) -> Mapping[Any, object]:
    if outcomes is None:
        return {}
    if not hasattr(outcomes, "items"):
        message = f"Script({outcomes!r}): write outcomes by step: Script({{charge: value}})"
        raise HarnessError(message)
    return outcomes


def _one_of(name: str, given: Any, kind: Any) -> Any:
    if given not in get_args(kind):
        words = " or ".join(map(repr, get_args(kind)))
        message = f"{name}={given!r}: write {words}"
        raise HarnessError(message)
    return given
