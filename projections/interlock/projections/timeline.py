"""A timeline: what ran when, how often it was tried, and what it waited for in between."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from interlock.projections.run import ActivityKind

SpanKind = Literal[
    "call", "undo", "pause", "held back", "in doubt", "person", "approval", "wait", "sleep",
    "child", "several", "branch", "state", "held", "gone", "late", "before", "given", "asked",
]  # fmt: skip
"""What goes on in a span of time.

`pause` is the time between two attempts, `held back` by a breaker or a limit, `person` a failed
undo that somebody has to decide on, `several` a join, `held` a run that could not go on. `gone`
is the time in which a worker died with a call under way, until another one found it in the log;
`late` that between an instant at which something was due and the one at which it was done. In a
fork, which calls nothing by itself, `asked` is the time in which a person has to say what becomes
of a call, `given` that in which it is given what was recorded; `before` is its parent's doing.
"""


@dataclass(slots=True)
class Span:
    """A stretch of a bar. `end` is None while it goes on."""

    kind: SpanKind
    begin: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant at which something happened.

    Attributes:
        at: when.
        kind: `failed` attempt, `interrupted` call, `command` that came or moved a lifecycle,
            `cancel` that was asked for, `undoing` that began, `migrated` to another definition.
        text: of what, or why.
    """

    at: datetime
    kind: Literal["failed", "interrupted", "command", "cancel", "undoing", "migrated"]
    text: str


@dataclass(slots=True)
class Bar:
    """Something that took time.

    Attributes:
        id: of the activity; of a lifecycle's state, its name and the version that entered it.
        kind: of the activity, or `state`, `held`.
        label: what people call it, below its parent.
        place: the machine's state that it belongs to.
        parent: id of the bar that it is a part of, "" for none.
        item: it is one of a join's calls.
        begin, end: when; `end` is None while it goes on.
        outcome: how it ended, in a word or two; "" while it goes on.
        failed: it ended badly.
        attempts: calls so far.
        spans, marks: in order.
        due: when what goes on in it ends by itself, None where nothing is said of that.
        child: of a child, the id of its run.
    """

    id: str
    kind: ActivityKind | Literal["state", "held"]
    label: str
    place: str
    begin: datetime
    parent: str = ""
    item: bool = False
    end: datetime | None = None
    outcome: str = ""
    failed: bool = False
    attempts: int = 1
    spans: list[Span] = field(default_factory=list[Span])
    marks: list[Mark] = field(default_factory=list[Mark])
    due: datetime | None = None
    child: str = ""


@dataclass(slots=True)
class Timeline:
    """What ran when in one run.

    Attributes:
        run, machine, status: of the run, now.
        began: when.
        last: instant of its last event.
        ended: whether it is over.
        bars: in the order in which they began.
        marks: of the run itself.
        after: version after which it begins, 0 for the whole run.
    """

    run: str
    machine: str
    status: str
    began: datetime
    last: datetime
    ended: bool = False
    bars: list[Bar] = field(default_factory=list[Bar])
    marks: list[Mark] = field(default_factory=list[Mark])
    after: int = 0
