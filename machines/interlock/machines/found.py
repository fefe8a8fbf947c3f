"""What a comparison of definitions has come upon so far."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Found:
    """Collects what is in the way of a run, in the order of finding it.

    Attributes:
        states: of the old definition, those for which the new one has no answer.
        lacking: those of them that a migration has to map; the others need its function.
        variables: what is recorded and does not fit.
        reasons: why, in words.
    """

    states: dict[str, None] = field(default_factory=dict[str, None])
    lacking: dict[str, None] = field(default_factory=dict[str, None])
    variables: dict[str, None] = field(default_factory=dict[str, None])
    reasons: dict[str, None] = field(default_factory=dict[str, None])

    def state(self, name: str, why: str) -> None:
        """A state that has to be mapped."""
        self.lacking[name] = None
        self.unknown(name, why)

    def unknown(self, name: str, why: str) -> None:
        """A state in which the new definition wants what is not there."""
        self.states[name] = None
        self.reasons[why] = None

    def misfit(self, name: str, why: str) -> None:
        """Something recorded that is not what is expected."""
        self.variables[name] = None
        self.reasons[why] = None
