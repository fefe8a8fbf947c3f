"""`interlock demo --orders PATH`: the orders of a marketplace, in the order of what happened."""

from __future__ import annotations

import asyncio
import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from interlock.demo.errors import DemoError
from interlock.demo.marketplace import (
    Approve,
    Cancel,
    Dated,
    Deliver,
    HandOver,
    Invoice,
    MarketplaceData,
    MarketplaceOrder,
    Process,
    Purchase,
    RunOut,
    Stage,
)
from interlock.engine import Engine
from interlock.machines.errors import Refused
from interlock.store.clock import stopwatch
from interlock.store.contract import Filter, Store

_COLUMNS: dict[str, type[Dated]] = {
    "order_purchase_timestamp": Purchase,
    "order_approved_at": Approve,
    "order_delivered_carrier_date": HandOver,
    "order_delivered_customer_date": Deliver,
}
"""Which command a column's instant stands for, in the order in which they should happen."""

_MUST_HAVE: dict[Stage, tuple[type[Dated], ...]] = {
    Stage.ANNOUNCED: (),
    Stage.PURCHASED: (Purchase,),
    Stage.APPROVED: (Purchase, Approve),
    Stage.INVOICED: (Purchase, Approve, Invoice),
    Stage.PROCESSING: (Purchase, Approve, Process),
    Stage.SHIPPED: (Purchase, Approve, HandOver),
    Stage.DELIVERED: (Purchase, Approve, HandOver, Deliver),
    Stage.UNAVAILABLE: (Purchase, Approve, RunOut),
    Stage.CANCELED: (Purchase, Cancel),
}
"""What must have happened to an order of this status, also where no column says when."""


@dataclass(frozen=True, slots=True)
class MarketplaceRow:
    """One order of the file.

    Attributes:
        id, customer: theirs.
        status: the one it really reached.
        commands: what happened, by the instants of the data; what has none comes last.
    """

    id: str
    customer: str
    status: Stage
    commands: tuple[Dated, ...]


@dataclass(frozen=True, slots=True)
class MarketplaceSummary:
    """What became of a file of orders.

    Attributes:
        lifecycles: how many there are.
        accepted: commands that were accepted, now or when the file was fed before.
        refused: refusals, by command and reason; a refused command is counted once.
        refused_orders: orders that met at least one refusal.
        recovered: those of them that reached their real status all the same.
        statuses: orders by the state they are in.
        in_data: orders by the status of the data.
        as_in_data: orders that are in the status of the data.
        seconds: it took.
        store: its URL.
    """

    lifecycles: int
    accepted: int
    refused: dict[str, int]
    refused_orders: int
    recovered: int
    statuses: dict[str, int]
    in_data: dict[str, int]
    as_in_data: int
    seconds: float
    store: str


def read_marketplace(path: Path) -> list[MarketplaceRow]:
    """The orders of a file with the columns of Olist's `orders` table.

    The file names no time zone: its instants are read as UTC.

    Raises:
        DemoError: the file cannot be read, lacks a column, or holds something else than an
            instant or a status; with the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            wanted = {"order_id", "customer_id", "order_status", *_COLUMNS}
            missing = wanted - set(reader.fieldnames or ())
            if missing:
                text = f"{path}: these columns are missing: {', '.join(sorted(missing))}"
                raise DemoError(text)
            return [_row(path, reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError) as error:
        text = f"{path} cannot be read: {error}"
        raise DemoError(text) from error


def _row(path: Path, line: int, row: Mapping[str, str | None]) -> MarketplaceRow:
    try:
        dated = [
            command(at=datetime.fromisoformat(text).replace(tzinfo=UTC))
            for column, command in _COLUMNS.items()
            if (text := row[column])
        ]
        status = Stage(row["order_status"] or "")
        order, customer = row["order_id"] or "", row["customer_id"] or ""
    except ValueError as error:
        text = f"{path}:{line}: {error}"
        raise DemoError(text) from error
    dated.sort(key=lambda command: command.at or datetime.max.replace(tzinfo=UTC))  # stable
    known = {type(command) for command in dated}
    dated += [command() for command in _MUST_HAVE[status] if command not in known]
    return MarketplaceRow(order, customer, status, tuple(dated))


async def run_marketplace(
    store: str | Store,
    path: Path,
    *,
    in_flight: int = 256,
    progress: Callable[[int, int], None] | None = None,
) -> MarketplaceSummary:
    """Feed a file of orders to one lifecycle each.

    A command that is refused is offered again, with its own instant, as soon as another one was
    accepted: the parcel that was handed over before the payment was approved counts as handed
    over once it is.

    Args:
        store: where the log is kept, or an open store.
        path: see `read_marketplace`.
        in_flight: orders that are fed at the same time.
        progress: called with the orders done and their number.

    Raises:
        DemoError: see `read_marketplace`.
    """
    rows = read_marketplace(path)
    began = stopwatch()
    async with Engine(store, machines=[MarketplaceOrder]) as engine:
        feeder = _Feeder(engine)
        queue = iter(rows)

        async def feed() -> None:
            for row in queue:
                await feeder.feed(row)
                if progress is not None:
                    progress(len(feeder.fed), len(rows))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(in_flight):
                    group.create_task(feed())
        except ExceptionGroup as failed:  # the others were stopped because of the first
            raise failed.exceptions[0] from failed
        return await feeder.summary(rows, began)


class _Feeder:
    """Sends the commands of orders, and keeps count."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.fed: list[str] = []
        self._accepted = 0
        self._refused: Counter[str] = Counter()
        self._met: set[str] = set()

    async def feed(self, row: MarketplaceRow) -> None:
        """All that happened to one order."""
        await self._engine.start(
            MarketplaceOrder, MarketplaceData(customer=row.customer), id=row.id
        )
        waiting: list[Dated] = []
        for command in row.commands:
            if not await self._offer(row.id, command, first=True):
                waiting.append(command)
                continue
            waiting = [again for again in waiting if not await self._offer(row.id, again)]
        self.fed.append(row.id)

    async def _offer(self, run: str, command: Dated, *, first: bool = False) -> bool:
        """Whether a command was accepted; the first refusal of each is counted."""
        name = type(command).__name__
        try:
            await self._engine.send(run, command, by="data", command_id=f"{run}:{name}")
        except Refused as refusal:
            if first:
                why = "; ".join(refusal.guards) or f"nothing leads there from {refusal.state}"
                self._refused[f"{name}: {why}"] += 1
                self._met.add(run)
            return False
        self._accepted += 1
        return True

    async def summary(self, rows: Sequence[MarketplaceRow], began: float) -> MarketplaceSummary:
        """The figures, from the index."""
        store = self._engine.store
        wanted = {row.id: row.status for row in rows}
        entries = await store.entries(Filter(machine=MarketplaceOrder.name))
        states = {entry.run: entry.state for entry in entries if entry.run in wanted}
        right = {run for run, state in states.items() if state == wanted[run].value}
        return MarketplaceSummary(
            lifecycles=len(states),
            accepted=self._accepted,
            refused=dict(self._refused.most_common()),
            refused_orders=len(self._met),
            recovered=len(self._met & right),
            statuses=dict(Counter(states.values()).most_common()),
            in_data=dict(Counter(status.value for status in wanted.values()).most_common()),
            as_in_data=len(right),
            seconds=stopwatch() - began,
            store=store.url,
        )
