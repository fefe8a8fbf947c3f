"""Conditions of SCXML as guards by name."""

from __future__ import annotations

from interlock.machines.interchange.guards import guard_text, named_guards


def read_condition(text: str) -> str:
    """The guard that a `cond` means: names, `!` and `&&` in our words, anything else as it is."""
    plain = text.strip()
    return "" if plain == "true" else guard_text(named_guards(plain))
