"""The effects of many items in one row: what went well, and as often, is not told one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from interlock.cli.wording import branch_of, places_alike
from interlock.projections import Effect

MANY = 10
"""Items of one `each`, of one status, that are still told one by one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One effect, or many of the same kind.

    Attributes:
        step: what was called; for many with how many they are.
        status: of all of them.
        attempts, interruptions: of all of them together.
        since: when the last of them got this status.
        key: of the one; `[…]` stands for the items of many.
        error: the last one.
        note: what is to be known of the last one besides, see `Effect`.
    """

    step: str
    status: str
    attempts: int
    interruptions: int
    since: datetime
    key: str
    error: str
    note: str


def rows(effects: Iterable[Effect], many: int = MANY) -> list[Row]:
    """The effects in order; many items of one status stand where the first of them would.

    Args:
        many: up to so many items of one status are told one by one.
    """
    groups: dict[tuple[str, ...], list[Effect]] = {}
    for effect in effects:
        place = places_alike(effect.activity)
        kind = (place, effect.step, effect.status) if place else (effect.activity,)
        groups.setdefault(kind, []).append(effect)
    told: list[Row] = []
    for group in groups.values():
        told += [_row([effect]) for effect in group] if len(group) <= many else [_row(group)]
    return told


def _row(group: Sequence[Effect]) -> Row:
    last = max(group, key=lambda effect: effect.since)
    many = len(group) > 1
    return Row(
        f"{last.step} × {len(group)}" if many else named(last),
        last.status,
        sum(effect.attempts for effect in group),
        sum(effect.interruptions for effect in group),
        last.since,
        _alike(last.key) if many else last.key,
        last.error,
        last.note,
    )


def _alike(key: str) -> str:
    """`move/each:halve#1[…]`: what the keys of many items have in common."""
    first, _, rest = key.partition("[")
    return f"{first}[…]{rest.rpartition(']')[2]}"


def named(effect: Effect) -> str:
    """What was called, and in which branch or for which item: `halve 7`."""
    branch = branch_of(effect.activity)
    return effect.step if branch in ("", effect.step) else f"{effect.step} {branch}"
