"""Which classes of recorded values are other ones than they were, and where they are named."""

from __future__ import annotations

import re

from interlock.machines.ir import Machine
from interlock.machines.shapes import is_brought_up, only_grew


def changed_classes(old: Machine, new: Machine, *, grown: bool = False) -> set[str]:
    """The classes of values, known to both definitions, that have other fields, or hold such.

    Args:
        grown: pass over those that have only got fields with defaults, or members.
    """
    changed = directly_changed(old, new, grown=grown)
    while True:
        more = {name for name in new.values if _words(new.values[name]) & changed} - changed
        if not more:
            return changed
        changed |= more


def directly_changed(old: Machine, new: Machine, *, grown: bool) -> set[str]:
    """The classes that have other fields themselves."""
    both = old.values.keys() & new.values.keys()
    return {name for name in both if not _is_read(old.values[name], new.values[name], grown)}


def within(text: str, machine: Machine) -> set[str]:
    """The classes that an annotation names, and all those inside of them."""
    found: set[str] = set()
    waiting = [text]
    while waiting:
        more = (_words(waiting.pop()) & machine.values.keys()) - found
        found |= more
        waiting += [machine.values[name] for name in more]
    return found


def _is_read(before: str, now: str, grown: bool) -> bool:
    if before == now or is_brought_up(before, now):
        return True
    return grown and only_grew(before, now)


def mentioned(text: str, machine: Machine, classes: set[str]) -> list[str]:
    """Which of some classes an annotation names."""
    return sorted(_words(text) & classes)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[\w.<>]+", text))
