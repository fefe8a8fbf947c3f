"""Where a run stands, branch by branch: what each waits for, and how far its joins are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from shlex import quote

from interlock.cli.joined import error_text
from interlock.cli.phrases_people import approvers
from interlock.cli.summing import MANY
from interlock.cli.text import compact, hanging, instant, one_line
from interlock.cli.when import ago
from interlock.projections import (
    Action,
    Activity,
    Approval,
    Joined,
    RunState,
    Why,
    address,
    member_name,
)
from interlock.store.contract import Entry


@dataclass(slots=True)
class Line:
    """One line of the picture, and those below it.

    Attributes:
        label: the branch or item, "" for none.
        said: what it does or waits for.
        hints: what somebody can do about it: command lines.
        below: its parts.
    """

    label: str
    said: str
    hints: list[str] = field(default_factory=list[str])
    below: list[Line] = field(default_factory=list["Line"])


def standing(
    state: RunState,
    children: Mapping[str, Entry] | None,
    now: datetime,
    why: Why | None = None,
) -> list[Line]:
    """The lines of all that a run waits for or has under way.

    Args:
        children: the rows of the runs that it waits for, by id; None for a moment that is past:
            then nothing is said of how they are.
        why: what could be done about it; None for a moment that is past.
    """
    picture = _Picture(state, children, now, why)
    shown = [a for a in state.pending.values() if not _belongs(state, a)]
    shown.sort(key=_aside)
    lines = [picture.line(activity, "") for activity in shown]
    for activity, line in zip(shown, lines, strict=True):
        if _aside(activity):
            line.said = f"beside it: {line.said}"
    return lines


def summary(state: RunState) -> str:
    """What a run waits for or does, in one short line; "" where it does one thing at a time."""
    joins = [a for a in state.pending.values() if a.join is not None]
    asked = any(a.kind in ("approval", "wait") for a in state.pending.values())
    for activity in joins:
        if activity.join is not None and activity.join.how == "each" and not asked:
            return progress(activity.state.rpartition("/")[2], activity.join)
    found = [a for a in state.pending.values() if a.kind not in ("join", "helper")]
    if not joins and len(found) < _SEVERAL:
        return ""
    found = [a for a in found if a.status != "done"]
    found.sort(key=lambda a: (_aside(a), _ORDER.get(a.kind, 0)))
    said = [_briefly(state, activity) for activity in found]
    more = f", and {len(said) - _NAMED} more" if len(said) > _NAMED else ""
    return ", ".join(said[:_NAMED]) + more


def _briefly(state: RunState, activity: Activity) -> str:
    name = address(state, activity)
    if activity.postponed:
        return f"{activity.postponed} ({name})"
    return f"{_WORDS.get(activity.kind, activity.kind)} {name}".rstrip()


_SEVERAL = 2
_NAMED = 3
"""Waits that a summary names."""

_ORDER = {"approval": 0, "wait": 1, "step": 2, "undo": 2, "child": 3, "sleep": 4}
"""What needs somebody comes first."""


def indented(lines: list[Line], width: int) -> Iterator[str]:
    """The lines as text, indented and broken; labels of the same level stand above each other."""
    yield from _lines(lines, "  ", width)


def _lines(lines: list[Line], indent: str, width: int) -> Iterator[str]:
    widest = max((len(line.label) for line in lines), default=0)
    widest = widest if widest <= _WIDEST else 0
    for line in lines:
        label = f"{line.label:<{widest}}  " if line.label or widest else ""
        room = indent + " " * len(label)
        text = one_line(f"{label}{line.said}")
        yield from hanging(indent + text, width, len(room) + 2).split("\n")
        for hint in line.hints:
            yield f"{room}→ {hint}"
        yield from _lines(line.below, indent + "  ", width)


_MOST = 30
"""Calls of one join under way that are listed: how many there are is said besides."""

_WIDEST = 24
"""Characters of a label up to which the others of its level are aligned with it."""


def _belongs(state: RunState, activity: Activity) -> bool:
    """Whether an activity stands below another one."""
    within = activity.within
    if within is None or within.handle:
        return False
    return bool(within.join) or within.thread in state.pending


def _aside(activity: Activity) -> bool:
    """Whether it was started on its own: no code stands still for it."""
    return activity.within is not None and activity.within.handle


class _Picture:
    def __init__(
        self,
        state: RunState,
        children: Mapping[str, Entry] | None,
        now: datetime,
        why: Why | None,
    ) -> None:
        self._state = state
        self._children = children
        self._now = now
        waits = () if why is None else why.waits
        self._todo = {wait.activity: wait.actions for wait in waits if wait.child is None}

    def line(self, activity: Activity, label: str) -> Line:
        if activity.join is not None:
            return self._join(activity, activity.join, label)
        if activity.kind == "helper":
            return self._branch(activity, label)
        return Line(label, self._said(activity), self._hints(activity))

    def _join(self, activity: Activity, join: Joined, label: str) -> Line:
        line = Line(label, progress(activity.state.rpartition("/")[2], join))
        if join.paused and activity.due is not None:
            line.said += f"; the next batch {self._when(activity.due)}"
        if join.stopping:
            line.said += "; the rest is being cancelled"
        shown: dict[int, Line] = {}
        members = self._state.pending
        active = [(members[m], i) for m, i in join.active.items() if m in members]
        plain = [a for a, _ in active if a.status in ("scheduled", "started") and a.kind == "step"]
        told = [(a, i) for a, i in active if len(plain) <= MANY or a not in plain]
        for member, index in told[:_MOST]:
            shown[index] = self.line(member, member_name(join, index))
        for index in join.failed[:MANY]:
            shown[index] = Line(member_name(join, index), _ended(join, index))
        if join.how != "each":
            for index in join.outcomes:
                shown[index] = Line(member_name(join, index), _ended(join, index))
        line.below = [shown[index] for index in sorted(shown)]
        if len(told) > _MOST:
            line.below.append(Line("", f"and {len(told) - _MOST} more under way"))
        if len(join.failed) > MANY:
            line.below.append(Line("", f"and {len(join.failed) - MANY} more that failed"))
        return line

    def _branch(self, activity: Activity, label: str) -> Line:
        """A branch in one line with what it waits for, unless that is several things."""
        thread = self._state.threads.get(activity.id)
        current = None if thread is None else self._state.pending.get(thread.current)
        own = activity.name.rpartition("/")[2]
        name = "" if label.startswith(own) else f"{own}: "
        if current is None:
            return Line(label, f"{name}begins")
        line = self.line(current, label)
        line.said = f"{name}{line.said}"
        return line

    def _said(self, activity: Activity) -> str:
        """One thing that a run waits for, in words."""
        said = _WORDS.get(activity.kind, activity.kind)
        said = f"{said} {activity.name}".rstrip()
        if activity.kind == "child" and not activity.asked:
            return f"{said}, {self._child(activity)}"
        if activity.kind in ("step", "undo", "child"):
            stands = f"waiting for {activity.postponed}" if activity.postponed else activity.status
            if activity.asked:
                return f"{said}, which is not called: {activity.asked}"
            said += f", {stands}, attempt {activity.attempt}, key {activity.key}"
            if activity.interruptions and activity.status == "in doubt":
                said += f" (its process died in {activity.interruptions} calls)"
        if activity.due is not None:
            word = "again at" if activity.status in ("retrying", "postponed") else "until"
            said += f", {word} {self._when(activity.due)}"
        if activity.approval is not None:
            said += _votes(activity.approval)
        if activity.about is not None:
            image = self._state.thread(activity).image
            said += f", about {compact(image.plain(activity.about))}"
        if activity.error is not None:
            said += f"; last error: {error_text(activity.error)}"
        return said

    def _when(self, due: datetime) -> str:
        return f"{instant(due)} ({ago(due, self._now)})"

    def _child(self, activity: Activity) -> str:
        if self._children is None:
            return f"run {activity.child}"
        entry = self._children.get(activity.child)
        if entry is None:
            return f"run {activity.child}, about to begin"
        waits = f", for {entry.waits} {entry.waits_for}" if entry.waits else ""
        return f"run {activity.child} {entry.status}{waits}"

    def _hints(self, activity: Activity) -> list[str]:
        """What a person can do about it, in one line."""
        actions = [a for a in self._todo.get(activity.id, ()) if a.argv[0] != "work"]
        return [condensed(actions)] if actions else []


_WORDS = {"wait": "command", "step": "step", "undo": "undo", "sleep": "sleep", "child": "child"}


def condensed(actions: Sequence[Action]) -> str:
    """Several command lines in one: `interlock approve order-17 manager (or reject)`."""
    first, *others = (_brief(action.argv) for action in actions)
    ways = ", or ".join(_other(first, other) for other in others)
    return f"{_joined(first)} (or {ways})" if ways else _joined(first)


def _brief(argv: Sequence[str]) -> list[str]:
    """A command line without who decides, and without what a call gave."""
    words = list(argv)
    for option in ("--by", "--result") if "--happened" in words else ("--by",):
        if option in words:
            del words[words.index(option) : words.index(option) + 2]
    return words


def _other(first: Sequence[str], other: Sequence[str]) -> str:
    """What one command line says in place of another."""
    return next((b for a, b in zip(first, other, strict=False) if a != b), other[-1])


def _joined(words: Sequence[str]) -> str:
    return " ".join(("interlock", *map(quote, words)))


def _votes(approval: Approval) -> str:
    """Who may decide on an approval, and how far it is."""
    said = f", from {approvers(approval.approvers)}"
    if approval.quorum > 1:
        said += f", {approval.count(granted=True)} of {approval.quorum} said yes"
    if approval.rejections > 1:
        said += f", {approval.count(granted=False)} of {approval.rejections} said no"
    if approval.votes:
        said += f" ({', '.join(_vote(v.actor.id, granted=v.granted) for v in approval.votes)})"
    return said


def _vote(by: str, *, granted: bool) -> str:
    return f"{by}: {'yes' if granted else 'no'}"


def progress(name: str, join: Joined) -> str:
    """How far a join is: `each:post, 23 of 40 done, 2 failed, 4 under way, 11 to go`."""
    total, failed = len(join.calls), len(join.failed)
    done = len(join.outcomes) - failed
    left = total - len(join.outcomes) - len(join.active)
    said = f"{name}, {done} of {total} done"
    for count, word in ((failed, "failed"), (len(join.active), "under way"), (left, "to go")):
        said += f", {count} {word}" if count else ""
    return said


def _ended(join: Joined, index: int) -> str:
    outcome = join.outcomes[index]
    if outcome.error is not None:
        return f"failed: {error_text(outcome.error)}"
    return {"value": "done", "elapsed": "slept", "granted": "granted"}.get(
        outcome.kind, outcome.kind
    )
