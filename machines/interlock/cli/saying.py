"""Differences in text: `order.lines[2].price  5 → 6`, what is waited for, what was called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from interlock.cli.render import STYLES, Column, Screen, Styled
from interlock.cli.summing import MANY, named
from interlock.cli.text import compact, instant, shorten
from interlock.cli.wording import places_alike
from interlock.projections import Activity, Change, Difference, Effect, Pair, address

_SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
_SHOWN = 200
"""Changes that are told one by one on a terminal."""


def print_changes(screen: Screen, changes: Sequence[Change], indent: str) -> None:
    """Print a line for each change; long values from where they differ on."""
    shown = changes[:_SHOWN] if screen.rich else changes
    name = max((len(change.where) for change in shown), default=0)
    name = min(name, screen.width // 3, _NAME)
    for change in shown:
        sign, style = _SIGNS[change.kind]
        room = screen.width - len(indent) - max(name, len(change.where)) - 4
        text = _values(change, room)
        screen.line(Styled(f"{indent}{sign} {change.where:<{name}}  {text}", style))
    if len(shown) < len(changes):
        screen.line(f"{indent}and {len(changes) - len(shown)} more; --json has all of them")


_NAME = 40
"""Columns up to which values stand below each other."""


def _values(change: Change, room: int) -> str:
    before, after = compact(change.before), compact(change.after)
    if change.kind == "changed":
        return " → ".join(both_sides(before, after, room - 3))
    return shorten(after if change.kind == "added" else before, max(room, _LEAST))


_LEAST = 24
"""Columns that a value gets, however narrow the terminal."""

_CONTEXT = 12
"""Characters before the first difference of two long texts that are still shown."""


def both_sides(before: str, after: str, room: int) -> tuple[str, str]:
    """Two texts that have room beside each other: where one is cut, both begin near where they
    differ."""
    if len(before) + len(after) <= room:
        return before, after
    half = max(room // 2, _LEAST)
    first = next(
        (place for place, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
        min(len(before), len(after)),
    )
    if first > half - _CONTEXT:
        start = first - _CONTEXT
        before, after = f"…{before[start:]}", f"…{after[start:]}"
    if len(before) < half:
        return before, shorten(after, room - len(before))
    if len(after) < half:
        return shorten(before, room - len(after)), after
    return shorten(before, half), shorten(after, half)


def print_waits(screen: Screen, found: Difference) -> None:
    """Print what began and ended to be waited for."""
    lines = list(_waits(found))
    if lines:
        screen.heading("Waits")
    for sign, text in lines[:_WAITS]:
        mark, style = _SIGNS[sign]
        screen.line(Styled(f"  {mark} {shorten(text, max(screen.width - 4, _LEAST))}", style))
    if len(lines) > _WAITS:
        screen.line(f"  and {len(lines) - _WAITS} more")


_WAITS = 2 * MANY
"""Waits that are told one by one."""


def _waits(found: Difference) -> Iterable[tuple[str, str]]:
    before, after = found.before.run_state, found.after.run_state
    for pair in found.waits:
        if pair.before is None and pair.after is not None:
            yield "added", f"{_named(pair.after)} {address(after, pair.after)}{_until(pair.after)}"
        elif pair.before is not None and pair.after is None:
            yield "removed", f"{_named(pair.before)} {address(before, pair.before)}"
        elif pair.before is not None and pair.after is not None:
            said = f"{_named(pair.after)} {address(after, pair.after)}: "
            yield "changed", f"{said}{_stands(pair.before)} → {_stands(pair.after)}"


def _named(activity: Activity) -> str:
    return {"wait": "command", "join": "several:", "helper": "branch"}.get(
        activity.kind, activity.kind
    )


def _until(activity: Activity) -> str:
    if activity.due is None:
        return ""
    word = "again at" if activity.status in ("retrying", "postponed") else "until"
    return f", {word} {instant(activity.due)}"


def _stands(activity: Activity) -> str:
    join = activity.join
    if join is not None:
        return f"{len(join.outcomes)} of {len(join.calls)} over"
    said = (
        activity.status
        if activity.attempt == 1
        else f"{activity.status}, attempt {activity.attempt}"
    )
    if activity.approval is not None and activity.approval.votes:
        said += f", {len(activity.approval.votes)} voted"
    return said


def print_effects(screen: Screen, effects: Sequence[Pair[Effect]]) -> None:
    """Print the calls that were intended, or whose status changed; items alike in one row."""
    if not effects:
        return
    screen.heading("Effects")
    groups: dict[tuple[object, ...], list[Pair[Effect]]] = {}
    for pair in effects:
        known = _known(pair)
        place = places_alike(known.activity) or known.activity
        kind = place, known.step, _status(pair.before), _status(pair.after)
        groups.setdefault(kind, []).append(pair)
    rows = [row for group in groups.values() for row in _rows(group)]
    columns = [Column(""), Column("effect", "bold"), Column("before"), Column("after"),
               Column("error")]  # fmt: skip
    shown = 5 if any(row[4] for row in rows) else 4
    screen.table(columns[:shown], [row[:shown] for row in rows[:_EFFECTS]])
    if len(rows) > _EFFECTS:
        screen.line(f"and {len(rows) - _EFFECTS} more; --json has all of them")


_EFFECTS = 40
"""Rows of effects."""


def _known(pair: Pair[Effect]) -> Effect:
    known = pair.after or pair.before
    assert known is not None  # one of them is there
    return known


def _rows(group: list[Pair[Effect]]) -> list[tuple[Styled, str, str, Styled, str]]:
    if len(group) <= MANY:
        return [_row(pair, named(_known(pair))) for pair in group]
    return [_row(group[-1], f"{_known(group[-1]).step} × {len(group)}")]


def _row(pair: Pair[Effect], name: str) -> tuple[Styled, str, str, Styled, str]:
    known = _known(pair)
    kind = "added" if pair.before is None else "removed" if pair.after is None else "changed"
    error = known.error if known.status not in ("confirmed", "compensated") else ""
    after = Styled(_told(pair.after), STYLES.get(_status(pair.after), ""))
    return Styled(*_SIGNS[kind]), name, _told(pair.before), after, error


def _status(effect: Effect | None) -> str:
    return "" if effect is None else effect.status


def _told(effect: Effect | None) -> str:
    if effect is None:
        return ""
    calls = effect.attempts + effect.interruptions
    return effect.status if calls < 2 else f"{effect.status}, {calls} calls"
