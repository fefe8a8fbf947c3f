"""What changed between two moments: variables path by path, waits, and effects in the world."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from interlock.projections.changes import Change, apply_changes, changes
from interlock.projections.effect import Effect
from interlock.projections.moment import Branch, Moment
from interlock.projections.run import Activity
from interlock.store.event import JSON

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """The same thing at both moments; None where it was not there."""

    before: T | None
    after: T | None


@dataclass(frozen=True, slots=True)
class BranchChanges:
    """What changed in the variables of a branch that was under way at either moment.

    Attributes:
        id, name: see `Branch`.
        state: where it was before and after, "" where it was not under way.
        changes: of its variables.
    """

    id: str
    name: str
    state: tuple[str, str]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two moments.

    Attributes:
        before, after: the moments.
        changes: of the variables, path by path; the first part of a path is the variable's name.
        branches: those that began, ended, moved, or hold other values.
        waits: what began or ended to be waited for, or has another status or attempt. What has
            an outcome is waited for no more.
        effects: the calls that were intended or whose status changed.
    """

    before: Moment
    after: Moment
    changes: tuple[Change, ...]
    branches: tuple[BranchChanges, ...]
    waits: tuple[Pair[Activity], ...]
    effects: tuple[Pair[Effect], ...]

    @property
    def variables(self) -> dict[str, tuple[JSON, JSON]]:
        """For each variable that changed, its whole value before and after; None for absent."""
        before, after = self.before.variables, self.after.variables
        names = dict.fromkeys(str(change.path[0]) for change in self.changes)
        return {name: (before.get(name), after.get(name)) for name in names}

    @property
    def empty(self) -> bool:
        """Whether nothing is different but the version and the time."""
        found = self.changes or self.branches or self.waits or self.effects
        return not found and all(one == other for _, one, other in facts(self.before, self.after))

    def apply(self, variables: Mapping[str, JSON]) -> dict[str, JSON]:
        """The variables afterwards, made of those before and the changes alone."""
        made = apply_changes(dict(variables), self.changes)
        return cast("dict[str, JSON]", made)


def facts(before: Moment, after: Moment) -> list[tuple[str, JSON, JSON]]:
    """State, status, and how it ended: the name of each, and its value at both moments."""
    names = ("state", "status", "held", "error", "result")
    return [(name, getattr(before, name), getattr(after, name)) for name in names]


def difference(
    before: Moment,
    after: Moment,
    ledgers: tuple[Iterable[Effect], Iterable[Effect]],
    *,
    timed: bool = True,
) -> Difference:
    """What changed between two moments, of one run or of two.

    Args:
        before, after: the moments.
        ledgers: the effects up to each of them.
        timed: whether another deadline makes a difference to a wait.
    """
    one, other = ({effect.activity: effect for effect in effects} for effects in ledgers)
    return Difference(
        before,
        after,
        changes(before.variables, after.variables),
        _branches(before.branches, after.branches),
        pairs(_by_id(before.waits), _by_id(after.waits), _stands if timed else _is),
        pairs(one, other, _told),
    )


def _by_id(waits: Iterable[Activity]) -> dict[str, Activity]:
    return {activity.id: activity for activity in waits if activity.status != "done"}


def pairs(
    before: dict[str, T], after: dict[str, T], told: Callable[[T], object]
) -> tuple[Pair[T], ...]:
    """What is only in one of them, and what is told differently."""
    found = (Pair(before.get(name), after.get(name)) for name in {**before, **after})
    return tuple(pair for pair in found if _differs(pair, told))


def _differs(pair: Pair[T], told: Callable[[T], object]) -> bool:
    if pair.before is None or pair.after is None:
        return True
    return told(pair.before) != told(pair.after)


def _stands(activity: Activity) -> object:
    """What is compared of a wait."""
    return _is(activity), activity.due, activity.approval


def _is(activity: Activity) -> object:
    """What is compared of a wait, times aside."""
    join = activity.join
    return (
        activity.status, activity.attempt, activity.stopping, activity.postponed,
        None if join is None else (join.begun, len(join.outcomes), sorted(join.active)),
    )  # fmt: skip


def _told(effect: Effect) -> object:
    """What is compared of an effect."""
    return effect.step, effect.status, effect.attempts, effect.interruptions, effect.error


def _branches(before: Iterable[Branch], after: Iterable[Branch]) -> tuple[BranchChanges, ...]:
    old, new = ({branch.id: branch for branch in found} for found in (before, after))
    gone = Branch("", "", "", {})
    made: list[BranchChanges] = []
    for name in {**old, **new}:
        one, other = old.get(name, gone), new.get(name, gone)
        found = changes(one.variables, other.variables)
        if found or one.state != other.state:
            known = other if name in new else one
            made.append(BranchChanges(name, known.name, (one.state, other.state), found))
    return tuple(made)
