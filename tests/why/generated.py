"""Random workflows that wait in every way: for time, for people, for commands, in branches."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from textwrap import indent
from typing import Any

from hypothesis import strategies as st

from interlock.machines import (
    Batch,
    Command,
    Escalate,
    Retry,
    TimedOut,
    Workflow,
    approval,
    each,
    parallel,
    sleep,
    step,
    wait_for,
)
from machines.scripted import define

FAILED: set[str] = set()
"""Calls of `flaky` that have failed once."""


class Paid(Command):
    amount: int = 0


@step
async def act(name: str) -> str:
    return name


@step(retry=Retry(attempts=2, initial="1 hour", maximum="1 hour", jitter=0))
async def flaky(name: str) -> str:
    if name not in FAILED:
        FAILED.add(name)
        raise OSError(name)
    return name


NAMES: dict[str, Any] = {
    one.__name__: one
    for one in (Batch, Escalate, Paid, TimedOut, approval, each, parallel, sleep, wait_for)
} | {"act": act, "flaky": flaky, "suppress": contextlib.suppress}

_HANDLERS = (
    "except TimedOut:", "except (TimedOut, OSError):", "except Exception:", "except ValueError:",
    "except TimeoutError:", "except OSError:",
)  # fmt: skip
_LENGTHS = ("1 hour", "90 minutes", "1 day")


@dataclass
class _Writing:
    """One program while it is written."""

    draw: Any
    number: int = 0
    helpers: list[str] = field(default_factory=list[str])

    def name(self) -> str:
        self.number += 1
        return f"s{self.number}"

    def pick(self, *kinds: str) -> str:
        return str(self.draw(st.sampled_from(kinds)))

    def block(self, depth: int) -> str:
        count = self.draw(st.integers(1, 3 if depth > 1 else 2))
        return "\n".join(self.statement(depth) for _ in range(count))

    def statement(self, depth: int) -> str:
        kinds = ["act", "flaky", "sleep", "asks", "waits", "each"]
        kinds += ["guarded", "guarded", "suppressed", "parallel", "child"] if depth else []
        kind = self.pick(*kinds)
        before = self.name()
        known = f'await act.named("{before}")("{before}")\n'
        return known + str(getattr(self, f"_{kind}")(depth))

    def _act(self, depth: int) -> str:
        return f'await act.named("{(name := self.name())}")("{name}")'

    def _flaky(self, depth: int) -> str:
        return f'await flaky.named("{(name := self.name())}")("{name}")'

    def _sleep(self, depth: int) -> str:
        return f'await sleep("{self.pick(*_LENGTHS)}")'

    def _asks(self, depth: int) -> str:
        options = ['approvers=["ann", "ben", "cid"]']
        options += ['timeout="2 days"'] if self.draw(st.booleans()) else []
        options += ['remind=["1 hour"]'] if self.draw(st.booleans()) else []
        escalate = 'escalate=Escalate(after="3 hours", to=["dan", "eve"])'
        options += [escalate] if self.draw(st.booleans()) else []
        options += ["quorum=2"] if self.draw(st.booleans()) else []
        return f'await approval("{self.name()}", {", ".join(options)})'

    def _waits(self, depth: int) -> str:
        where = ", where=lambda p: p.amount > 5" if self.draw(st.booleans()) else ""
        limit = f', timeout="{self.pick(*_LENGTHS)}"' if self.draw(st.booleans()) else ""
        return f"await wait_for(Paid{where}{limit})"

    def _each(self, depth: int) -> str:
        return 'await each(act, ["a", "b"], batch=Batch(size=1, delay="1 hour"))'

    def _wait(self) -> str:
        return self._asks(0) if self.draw(st.booleans()) else self._waits(0)

    def _guarded(self, depth: int) -> str:
        ends = self.pick("pass", 'return "late"', "act")
        ends = self._act(0) if ends == "act" else ends
        return f"try:\n    {self._wait()}\n{self.pick(*_HANDLERS)}\n{indent(ends, '    ')}"

    def _suppressed(self, depth: int) -> str:
        return f"with suppress(TimedOut):\n    {self._wait()}"

    def _parallel(self, depth: int) -> str:
        helper = self.name()
        body = indent(self.block(depth - 1), "    ")
        self.helpers.append(f"async def {helper}():\n{body}\n")
        other = self.pick('sleep("2 hours")', 'approval("beside")', 'act("beside")')
        return f"await parallel(one={helper}(), two={other})"

    def _child(self, depth: int) -> str:
        return "await child(1)"


@st.composite
def programs(draw: Any) -> tuple[list[Workflow[..., Any]], str]:
    """A workflow and its child, and their source."""
    made: list[Workflow[..., Any]] = []
    sources: list[str] = []
    names = dict(NAMES)
    for name, depth in (("child", 0), ("flow", 2)):
        writing = _Writing(draw)
        body = indent(writing.block(depth), "    ")
        source = "\n".join([*writing.helpers, f"async def {name}(x):\n{body}\n    return x\n"])
        made.append(Workflow(define(source, names, name), f"why-law-{name}"))
        names[name] = made[-1]
        sources.append(source)
    for one in made:
        one.compile()
    return made[::-1], "\n".join(sources)
