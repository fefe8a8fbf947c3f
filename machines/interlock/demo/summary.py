"""What a demo came to: the outcome of each order, and the figures over all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from interlock.demo.orders import RealOrder
from interlock.projections import fold
from interlock.store.contract import Entry, Filter, Store

Verdict: TypeAlias = Literal[
    "completed", "declined", "rejected", "failed", "waits for approval", "waits for the carrier",
    "unfinished", "missing",
]  # fmt: skip
"""What became of an order's checkout; all that failed were undone."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one order stands: everything that a kill must not change.

    Attributes:
        order: its id.
        verdict: of its checkout.
        status, state: of its checkout's run.
        detail: error of a failed checkout.
        lifecycle: state of its lifecycle.
    """

    order: str
    verdict: Verdict
    status: str
    state: str
    detail: str
    lifecycle: str


@dataclass(frozen=True, slots=True)
class Progress:
    """What is reported while a demo runs.

    Attributes:
        total, done: orders in all, and those that will not move further in this demo.
        events, steps: recorded so far by this process.
        counts: orders that are done, by verdict.
    """

    total: int
    done: int
    events: int
    steps: int
    counts: dict[str, int] = field(default_factory=dict[str, int])


OnProgress: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a demo.

    Attributes:
        orders: how many there are.
        verdicts: checkouts by verdict.
        lifecycles: lifecycles by state.
        as_in_data: lifecycles that reached the status that the data says.
        steps, events: recorded in this call.
        seconds: it took.
        charges, refunds: made by the payment provider since the demo's first run.
        repeated: requests to it with a key that it knew.
        doubled: payments that were charged more than once: 0, or something is broken.
        store: its URL.
    """

    orders: int
    verdicts: dict[str, int]
    lifecycles: dict[str, int]
    as_in_data: int
    steps: int
    events: int
    seconds: float
    charges: int
    refunds: int
    repeated: int
    doubled: int
    store: str = ""

    @property
    def steps_per_second(self) -> float:
        """Durable steps a second."""
        return self.steps / self.seconds if self.seconds else 0.0

    @property
    def events_per_second(self) -> float:
        """Durable events a second: those of the steps, of the commands and of the lifecycles."""
        return self.events / self.seconds if self.seconds else 0.0


async def outcome_of(store: Store, real: RealOrder) -> Outcome:
    """How an order stands."""
    order = real.order
    entry = await store.entry(order.id)
    life = await store.entry(order.lifecycle)
    lifecycle = life.state if life else "missing"
    if entry is None:
        return Outcome(order.id, "missing", "", "", "", lifecycle)
    kind, detail = "", ""
    if entry.status in ("failed", "compensated", "compensation failed"):
        error = fold(await store.read(order.id)).error
        if error is not None:
            kind, detail = error.type, f"{error.type}: {error.message}"
    return Outcome(
        order.id, verdict_of(entry, kind), entry.status, entry.state, detail, lifecycle
    )  # fmt: skip


def verdict_of(entry: Entry, error: str = "") -> Verdict:
    """What a checkout's row in the index (and the class of its error) mean for its order."""
    if entry.status == "completed":
        return "completed"
    if entry.status == "compensated":
        verdicts: dict[str, Verdict] = {"PaymentDeclined": "declined", "Rejected": "rejected"}
        return verdicts.get(error, "failed")
    if entry.status in ("failed", "compensation failed", "cancelled"):
        return "failed"
    if entry.status == "waiting" and entry.waits == "approval":
        return "waits for approval"
    if entry.status == "waiting" and entry.waits == "command":
        return "waits for the carrier"
    return "unfinished"


async def lifecycle_counts(
    store: Store, reals: Iterable[RealOrder], machine: str
) -> tuple[dict[str, int], int]:
    """Lifecycles by state, and how many are where the data says."""
    wanted = {real.order.lifecycle: real.status.value for real in reals}
    entries = [e for e in await store.entries(Filter(machine=machine)) if e.run in wanted]
    states = Counter(entry.state for entry in entries)
    return dict(states.most_common()), sum(wanted[e.run] == e.state for e in entries)
