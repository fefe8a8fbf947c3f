"""What became of new code that was given what a run had recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from interlock.store.event import JSON


@dataclass(frozen=True, slots=True)
class Spoken:
    """Something that a run's code did, or what became of it.

    Attributes:
        did: in words: `calls charge`, `asks for approval manager`, `returns`.
        state: where.
        given: what it gave: the input of a call, a result, an error; as plain JSON.
        file, line: of the author's source, 0 where that is not known.
        text: that line.
    """

    did: str
    state: str
    given: JSON = None
    file: str = ""
    line: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What `replay` found.

    Attributes:
        run: id of the run.
        verdict: `same`: to the end of the record the new code did the same. `diverged`: it did
            something else, first at `version`. `past`: it went on where the record ends.
        version: of the recorded event at which it diverged, or of the last one.
        recorded: what the run did there; None where it did nothing any more.
        new: what the new code does instead; None where it does nothing.
        given_up: it was ended from outside, as a discarded fork is: its code was not told, and
            only what it did before is compared.
    """

    run: str
    verdict: Literal["same", "diverged", "past"]
    version: int
    recorded: Spoken | None = None
    new: Spoken | None = None
    given_up: bool = False

    @property
    def diverged(self) -> bool:
        """Whether the new code did something else than the run."""
        return self.verdict == "diverged"
