"""The table of effects: a row for each call, or one for many items of the same kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from interlock.cli.render import Cell, Column, Screen, Styled, status
from interlock.cli.summing import MANY, Row, rows
from interlock.cli.when import ago
from interlock.projections import Effect

_KEYS = 120
"""Columns of a terminal from which on there is room for idempotency keys."""


def print_effects(screen: Screen, effects: Sequence[Effect], now: datetime, *, every: bool) -> None:
    """Print what a run did in the world.

    Args:
        every: each call in a row of its own.
    """
    if not effects:
        return
    screen.heading("Effects")
    columns = [
        Column("step", "bold"), Column("status", keep=True), Column("attempts", right=True),
        Column("since"), Column("key"), Column("error"),
    ]  # fmt: skip
    found = rows(effects, len(effects) if every else MANY)
    cells = [_cells(row, now) for row in found]
    if screen.width < _KEYS:
        del columns[4]
        cells = [(*row[:4], *row[5:]) for row in cells]
    screen.table(columns, cells)
    if len(found) < len(effects):
        screen.line(Styled("items of one status are one row here; --all lists each", "dim"))


def _cells(row: Row, now: datetime) -> Sequence[Cell]:
    return (
        row.step, status(row.status), _calls(row), ago(row.since, now), row.key, _error(row),
    )  # fmt: skip


def _error(row: Row) -> str:
    """Its last error, as long as that matters; else what is to be noted."""
    return row.note if row.status in ("confirmed", "compensated") else row.note or row.error


def _calls(row: Row) -> str:
    """How often it was called: `1`, or `1 + 2 interrupted` after two crashes."""
    more = f" + {row.interruptions} interrupted" if row.interruptions else ""
    return f"{row.attempts}{more}"
