"""What a comparison of definitions has come upon so far."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Found:
    """Collects what is in the way of a run, in the order of finding it.

    Attributes:
        states: of the old definition, those that need a mapping.
        variables: what is recorded and does not fit.
        reasons: why, in words.
    """

    states: dict[str, None] = field(default_factory=dict[str, None])
    variables: dict[str, None] = field(default_factory=dict[str, None])
    reasons: dict[str, None] = field(default_factory=dict[str, None])

    def state(self, name: str, why: str) -> None:
        """A state that has to be mapped."""
        self.states[name] = None
        self.reasons[why] = None

    def misfit(self, name: str, why: str) -> None:
        """Something recorded that is not what is expected."""
        self.variables[name] = None
        self.reasons[why] = None
