"""What the code of a function says that its graph does not: of use to checks alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from interlock.machines.workflow import Workflow


@dataclass(frozen=True, slots=True)
class Joined:
    """What a join waits for.

    Attributes:
        several: the calls written in it that it may make more than once, at the same time.
        maybe: those that it makes on a condition.
        held: the calls that handles in it were begun as, as far as can be seen.
        children: workflows whose runs handles in it stand for.
        certain: all that was begun as `held` is waited for here.
        unsure: there may be handles in it of which nothing can be seen.
        collects: errors are given as values.
    """

    several: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    children: tuple[Workflow[..., Any], ...] = ()
    certain: bool = False
    unsure: bool = False
    collects: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one function.

    Attributes:
        joins: what each join waits for, by state.
        begun: the calls that are started behind each state before the next one, by state; true
            for those that may be started there more than once.
        cancelled: the calls whose handles are cancelled somewhere.
        children: workflows that it begins runs of, and lets them end with its own.
        told: the waits that say by `where=` what they take, and the approvals that say by
            `approvers=` for whom they are, those of calls by their names.
        unreached: line and text of awaits that no path leads to.
    """

    joins: Mapping[str, Joined] = field(default_factory=dict[str, Joined])
    begun: Mapping[str, Mapping[str, bool]] = field(default_factory=dict[str, Mapping[str, bool]])
    cancelled: frozenset[str] = frozenset()
    children: tuple[Workflow[..., Any], ...] = ()
    told: frozenset[str] = frozenset()
    unreached: tuple[tuple[int, str], ...] = ()
