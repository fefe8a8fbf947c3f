"""What is tested: a lifecycle, with what its tests were told about values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hypothesis import strategies as st

from interlock.machines.command import Command
from interlock.machines.errors import EndlessChain, HandlerFailed
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.proof.invariant import Invariant, invariants_of
from interlock.testing.errors import NotTestable
from interlock.testing.payloads import Payloads, payload

Weights: TypeAlias = Mapping[Any, int]
"""How often something is drawn: by command class, or `"time"`; 1 for what is not named."""

Starts: TypeAlias = "Sequence[Any] | st.SearchStrategy[Any] | None"
"""The data that runs begin with; None for the model's defaults."""


@dataclass(frozen=True)
class Subject:
    """A lifecycle under test.

    Attributes:
        kind: the class.
        payloads: see `payload`.
        weights: how often each command is drawn.
        starts: see `Starts`.
        more: invariants besides those of the class.
        kept: what was found out once and holds for all of its cases, by name.
    """

    kind: type[Lifecycle[Any, Any]]
    payloads: Payloads = field(default_factory=dict[Any, Any])
    weights: Weights = field(default_factory=dict[Any, int])
    starts: Starts = None
    more: Sequence[Invariant] = ()
    kept: dict[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)

    def __post_init__(self) -> None:
        if not is_lifecycle(self.kind):
            message = f"{self.kind!r} is no lifecycle; for a workflow write workflow_tests(…)"
            raise NotTestable(message)

    @property
    def program(self) -> LifecycleProgram:
        """What the class compiled to, now: a mutant takes its place for a while."""
        return self.kind.program()

    @property
    def invariants(self) -> Sequence[Invariant]:
        """What has to hold."""
        if "invariants" not in self.kept:
            self.kept["invariants"] = [*invariants_of(self.kind), *self.more]
        found: Sequence[Invariant] = self.kept["invariants"]
        return found

    def beginning(self) -> st.SearchStrategy[Any]:
        """The data that runs begin with."""
        starts, model = self.starts, self.program.data_type
        if isinstance(starts, st.SearchStrategy):
            return starts
        if starts is not None:
            return st.sampled_from([*starts])
        if any(one.is_required() for one in model.model_fields.values()):
            return payload(model, self.payloads)
        return st.builds(model)

    def weight(self, what: type[Command] | str) -> int:
        """How often something is drawn beside the others."""
        if isinstance(what, str):
            return self.weights.get(what, 1)
        return self.weights.get(what, self.weights.get(what.__name__, 1))


def is_lifecycle(given: object) -> bool:
    """Whether it is the class of a lifecycle."""
    return isinstance(given, type) and issubclass(given, Lifecycle)


FAILURES = (HandlerFailed, EndlessChain)
"""What the author's own code does wrong."""
