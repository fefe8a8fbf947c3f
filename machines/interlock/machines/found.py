"""What a comparison of definitions has come upon so far."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Found:
    """Collects what is in the way of a run, in the order of finding it.

    Attributes:
        states: of the old definition, those for which the new one has no answer.
        lacking: those of them that a migration has to map.
        wanted: variables that the new definition reads there, and that were not kept.
        variables: what is recorded and does not fit.
        reasons: why, in words.
        misfits: names of what does not fit, by where that is and by what is wrong with it.
    """

    states: dict[str, None] = field(default_factory=dict[str, None])
    lacking: dict[str, None] = field(default_factory=dict[str, None])
    wanted: dict[str, None] = field(default_factory=dict[str, None])
    variables: dict[str, None] = field(default_factory=dict[str, None])
    reasons: dict[str, None] = field(default_factory=dict[str, None])
    misfits: dict[tuple[str, str], list[str]] = field(
        default_factory=dict[tuple[str, str], list[str]]
    )

    def state(self, name: str, why: str) -> None:
        """A state that has to be mapped."""
        self.lacking[name] = None
        self.states[name] = None
        self.reasons[why] = None

    def lost(self, name: str, why: str) -> None:
        """A state of which the new definition lacks something that no mapping stands for."""
        self.states[name] = None
        self.reasons[why] = None

    def missing(self, name: str, variable: str, why: str) -> None:
        """A state in which the new definition reads a variable that is not there."""
        self.wanted[variable] = None
        self.states[name] = None
        self.reasons[why] = None

    def misfit(self, name: str, why: str) -> None:
        """Something recorded that is not what is expected."""
        self.variables[name] = None
        self.reasons[why] = None

    def variable(self, name: str, state: str, why: str) -> None:
        """A variable that is not what is expected in a state."""
        self.variables[name] = None
        self.misfits.setdefault((state, why), []).append(name)

    def told(self) -> tuple[str, ...]:
        """All reasons; those that several variables share are told once."""
        return (*self.reasons, *(_told(*key, names) for key, names in self.misfits.items()))


def _told(state: str, why: str, names: list[str]) -> str:
    first, *others = names
    also = f" (and {', '.join(others)})" if others else ""
    return f"in {state!r}, {first}{also} {why}"
