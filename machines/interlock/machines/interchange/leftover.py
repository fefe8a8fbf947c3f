"""What one description of machines says and another cannot: listed or refused, never dropped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from interlock.machines.errors import MachineError

KINDS = {
    "ILK184": "a callback, which does something when a state or a transition is passed",
    "ILK185": "a state's feature (a timeout in memory, tags, retries, volatile objects)",
    "ILK186": "a class of its own in place of the library's transition, event or condition",
    "ILK187": "a condition that is an expression, kept as the name of a guard",
    "ILK188": "executable content of SCXML, other than the timers of a state",
    "ILK189": "data, scripts or services of SCXML",
    "ILK190": "an event that only the platform of SCXML sends",
    "ILK191": "a timer, which becomes an event that somebody has to send",
    "ILK192": "what the methods of a lifecycle compute, and their effects",
    "ILK193": "a choice that a workflow's code makes",
    "ILK194": "an order of candidates that goes against the nesting of states",
    "ILK195": "how events are treated that no transition is waiting for",
    "ILK196": "a transition out of a final state, or the end that it takes from the state",
    "ILK197": "what a workflow's state waits for",
}
"""Everything that can be left out, by its code; the same in every release."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that did not travel.

    Attributes:
        code: what kind of thing, a key of `KINDS`.
        place: where it stood: the name of a state, a transition, a line of the document.
        what: what it was, as it was written.
    """

    code: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.code} {self.place}: {self.what}"


class NotCarriedOver(MachineError):
    """A conversion would leave something out, and the caller gave no list to note it in.

    Attributes:
        left_out: all of it.
    """

    code = "ILK180"

    def __init__(self, what: str, left_out: tuple[LeftOut, ...]) -> None:
        listed = "; ".join(map(str, left_out))
        advice = "pass left_out=[] to go on without it and have it listed there"
        super().__init__(f"{what} cannot be carried over whole: {listed}; {advice}")
        self.left_out = left_out


class Unconvertible(MachineError):
    """A machine that the other description has no words for, so that the rest would mislead."""

    code = "ILK181"


class BadDocument(MachineError):
    """A text that is no SCXML document, or one with a document type declaration."""

    code = "ILK182"


class UnknownFunction(MachineError):
    """A machine names guards or effects that the mapping from names to functions does not hold."""

    code = "ILK183"


def hand_over(what: str, found: Iterable[LeftOut], left_out: list[LeftOut] | None) -> None:
    """Note what was found in the caller's list, or refuse when there is no list.

    Raises:
        NotCarriedOver: something was found, and `left_out` is None.
    """
    several = tuple(dict.fromkeys(found))
    if left_out is not None:
        left_out += several
    elif several:
        raise NotCarriedOver(what, several)
