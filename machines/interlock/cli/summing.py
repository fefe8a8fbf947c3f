"""The effects of many items in one row: what went well, and as often, is not told one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

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
    """

    step: str
    status: str
    attempts: int
    interruptions: int
    since: datetime
    key: str
    error: str


def rows(effects: Iterable[Effect]) -> list[Row]:
    """The effects in order; many items of one status stand where the first of them would."""
    groups: dict[tuple[str, ...], list[Effect]] = {}
    for effect in effects:
        place, item, _ = effect.activity.rpartition("[")
        kind = (place, effect.step, effect.status) if item else (effect.activity,)
        groups.setdefault(kind, []).append(effect)
    told: list[Row] = []
    for group in groups.values():
        told += [_row([effect]) for effect in group] if len(group) <= MANY else [_row(group)]
    return told


def _row(group: Sequence[Effect]) -> Row:
    last = max(group, key=lambda effect: effect.since)
    many = len(group) > 1
    return Row(
        f"{last.step} × {len(group)}" if many else last.step,
        last.status,
        sum(effect.attempts for effect in group),
        sum(effect.interruptions for effect in group),
        last.since,
        f"{last.key.rpartition('[')[0]}[…]" if many else last.key,
        last.error,
    )
