"""Why a run is where it is: what it waits for, what would move it, and what happens otherwise."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Cause = Literal[
    # it has ended
    "completed", "failed", "cancelled", "compensated", "compensation_failed",
    # nothing moves it
    "error", "definition_changed", "code_missing", "resource_missing", "no_worker",
    "worker_silent", "worker_busy", "threads_busy", "not_recovered", "store_full", "store_busy",
    "store_read_only",
    # it waits for people, or for commands
    "in_doubt", "asked", "undo_failed", "approval", "quorum", "nobody_may", "command", "declined",
    "deferred", "guard", "dead_end",
    # it waits for time
    "sleep", "timer", "batch", "retry", "overdue", "debounce",
    # something holds its call back
    "breaker_open", "breaker_forced", "breaker_trial", "rate_limit", "bulkhead", "flight",
    # it is being moved
    "call", "cancelling", "due",
]  # fmt: skip
"""What a run waits for in the end, as a code that does not change."""

ENDED: tuple[Cause, ...] = (
    "completed", "failed", "cancelled", "compensated", "compensation_failed",
)  # fmt: skip
"""The causes of runs for which nothing happens any more."""

URGENT: tuple[Cause, ...] = (
    "error", "definition_changed", "code_missing", "resource_missing", "in_doubt",
    "store_read_only", "store_full", "store_busy", "no_worker", "worker_silent", "not_recovered",
    "worker_busy", "threads_busy", "nobody_may", "asked", "undo_failed", "breaker_forced",
    "dead_end", "declined", "guard", "deferred", "quorum", "approval", "command", "breaker_open",
    "breaker_trial", "rate_limit", "bulkhead", "flight", "overdue", "retry", "batch", "sleep",
    "timer", "debounce", "cancelling", "call", "due", *ENDED,
)  # fmt: skip
"""Every cause; of several things that a run waits for, the first one here is its cause."""


NOT_MOVED = frozenset(URGENT[: URGENT.index("nobody_may")]) - {"in_doubt"}
"""The causes that say that there is something to do, and nothing does it."""


@dataclass(frozen=True, slots=True)
class Action:
    """What a person can do about it.

    Attributes:
        said: what that does.
        argv: the command line behind `interlock`; words in capitals are to be filled in.
        app: the module that it needs, "" for none.
    """

    said: str
    argv: tuple[str, ...]
    app: str = ""

    def line(self, store: str = "", *, app: bool = True) -> str:
        """The whole command line, for a shell.

        Args:
            store: URL of its database, "" where that need not be said.
            app: say the module that it needs.
        """
        words = ["interlock", *self.argv]
        words += ["--app", self.app] if app and self.app else []
        words += ["--store", store] if store else []
        return " ".join(shlex.quote(word) for word in words)


Event = Literal[
    "times out", "wakes", "retries", "asks again", "begins", "moves", "reminds", "escalates",
]  # fmt: skip
"""What an instant brings."""


@dataclass(frozen=True, slots=True)
class Then:
    """What happens at an instant, if nothing comes before it.

    Attributes:
        at: the instant.
        event: what it brings.
        said: that in words.
        run: to which run.
        activity: to which of its activities, "" for a lifecycle's timer.
        leads_to: names of the states of which the run will be in one, as far as that is known.
        line: of the author's file, where an error is raised or the transition stands; 0 for none.
        caught: line of the handler of that error, 0 for none.
    """

    at: datetime
    event: Event
    said: str
    run: str
    activity: str = ""
    leads_to: tuple[str, ...] = ()
    line: int = 0
    caught: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """A command that a run knows.

    Attributes:
        command: its class.
        accepted: whether it would be taken now: `yes`, `no`, `kept` (for later), or `depends`
            (on its fields, or on guards that cannot be asked here).
        source, target: states, for a lifecycle; names joined where they are several.
        guard: the guard's name, "" for none.
        said: what stands in the way, or what it depends on.
        values: what the guard looked at, as plain JSON.
    """

    command: str
    accepted: Literal["yes", "no", "kept", "depends"]
    source: str = ""
    target: str = ""
    guard: str = ""
    said: str = ""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that a run waits for, or has under way.

    Attributes:
        kind: `step`, `undo`, `approval`, `wait`, `sleep`, `child`, `batch`, `branch`, or `run` for
            what holds up all of it.
        name: what people call it, below its branches: `compliance/officer`.
        activity: its id in the run.
        state: the state that it belongs to.
        since, until: from when on, and until when at the latest; None for no end.
        cause: why it is not over.
        said: that in words.
        actions: what can be done about it.
        then: what happens to it otherwise.
        aside: no code stands still for it.
        error: the last error, in words.
        child: for a child, the answer for that run; None when it has not begun.
    """

    kind: str
    name: str
    activity: str
    state: str
    since: datetime
    until: datetime | None
    cause: Cause
    said: str
    actions: tuple[Action, ...] = ()
    then: tuple[Then, ...] = ()
    aside: bool = False
    error: str = ""
    child: Why | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """The answer to: why is this run where it is?

    Attributes:
        run, machine, hash: which run, and the definition that it follows.
        state, status, since: where it is, and since when; see `RunState`. The status is `held`
            also where nothing recorded it: the run waits, and cannot go on under the edited code.
        at: the instant of the answer.
        version: of its last event.
        cause: what it waits for in the end, also if that is in another run.
        said: that in words, one sentence.
        root: the run that the cause is in: this one, or a child that it waits for.
        chain: this run and the children that lead to that one.
        waits: all that it waits for, the most urgent first.
        offers: the commands that it knows, and what would become of them now.
        then: what happens next if nothing comes, earliest first.
        actions: what can be done, best first.
        besides: what will hold it up afterwards, in words: nothing moves it when its wait is over.
        worker: the process that drives the runs of the store, "" for none.
        held: the reason that was recorded, "" where it is not held.
        parent: the run that waits for this one.
        cancel: why it is, or was, to be cancelled, "" where nobody said why; None where it is not.
    """

    run: str
    machine: str
    hash: str
    state: str
    status: str
    since: datetime
    at: datetime
    version: int
    cause: Cause
    said: str
    root: str
    chain: tuple[str, ...]
    waits: tuple[Wait, ...] = ()
    offers: tuple[Offer, ...] = ()
    then: tuple[Then, ...] = ()
    actions: tuple[Action, ...] = ()
    besides: tuple[str, ...] = ()
    worker: str = ""
    held: str = ""
    parent: str = ""
    cancel: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing happens any more."""
        return self.cause in ENDED

    def __str__(self) -> str:
        lines = [f"{self.run}: {self.said}"]
        lines += [f"  {one}" for one in self.besides]
        lines += [f"  {one.said}" for one in self.then]
        lines += [f"  {one.line()}" for one in self.actions]
        return "\n".join(lines)
