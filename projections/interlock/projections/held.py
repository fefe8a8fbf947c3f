"""Why a run is held, as a code: engines record the reason in words."""

from __future__ import annotations

from typing import Literal

HeldCause = Literal[
    "code_missing", "definition_changed", "resource_missing", "store_full", "store_busy",
    "store_read_only", "error",
]  # fmt: skip

_PHRASES: tuple[tuple[str, HeldCause], ...] = (
    ("is not imported here", "code_missing"),
    ("was edited since this run began", "definition_changed"),
    ("write Engine(..., resources=", "resource_missing"),
    ("ILK004", "store_read_only"),
    ("ILK005", "store_full"),
    ("ILK006", "store_busy"),
)
"""What the reasons of each kind have in common, in logs of every release."""


def held_cause(reason: str) -> HeldCause:
    """What kind of reason it is."""
    for phrase, cause in _PHRASES:
        if phrase in reason:
            return cause
    return "error"


def told_of(reason: str) -> str:
    """A reason without what may be somebody's data: words of an author's error are left out."""
    return reason if held_cause(reason) != "error" else reason.partition(":")[0]
