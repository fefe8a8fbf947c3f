"""The proof that a demo lost nothing and did nothing twice: the log against the world's books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from interlock.demo.depot import Carrier, Warehouse
from interlock.demo.orders import RealOrder
from interlock.demo.provider import Book, Provider, receipt_id
from interlock.demo.summary import Outcome, outcome_of
from interlock.demo.world import World
from interlock.projections import Effect, History, entry_of
from interlock.store.contract import FINISHED, Store
from interlock.store.errors import StoreError
from interlock.store.vocabulary import StepSucceeded

_AT_REST = FINISHED | {"waiting", "open"}
_HAPPENED = ("confirmed", "compensated", "not compensated")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        claim: what should hold.
        examined: how many things were looked at.
        faults: each place where it does not hold.
    """

    claim: str
    examined: int
    faults: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether no fault was found."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class Proof:
    """What was checked, and what was found.

    Attributes:
        checks: each claim with its faults.
        runs, events: that were read.
        steps: events that record the success of a step.
    """

    checks: tuple[Check, ...]
    runs: int
    events: int
    steps: int

    @property
    def holds(self) -> bool:
        """Whether every claim holds."""
        return all(check.holds for check in self.checks)


async def prove(
    store: Store,
    world: World,
    reals: Sequence[RealOrder],
    reference: Mapping[str, Outcome] | None = None,
) -> Proof:
    """Read every run of a demo from its first event, and compare.

    Args:
        store: the demo's log.
        world: the demo's world.
        reals: the orders that it was given.
        reference: outcomes of the same orders in a demo that was never interrupted.
    """
    histories, missing = await _histories(store, reals)
    ledger = _ledger(histories)
    book = Provider(world).book()
    checks = [
        Check("every order has its checkout and its lifecycle", 2 * len(reals), missing),
        _chains(histories),
        await _index(store, histories),
        _at_rest(histories),
        Check("no payment was charged twice", len(book.charges), book.doubled),
        _charges(book, ledger),
        Check("no charge was refunded twice", len(book.refunds), book.refunded_twice),
        _refunds(book, ledger),
        _goods(world, ledger),
    ]
    if reference is not None:
        checks.append(await _outcomes(store, reals, reference))
    types = Counter(event.type for history in histories.values() for event in history.events)
    return Proof(tuple(checks), len(histories), types.total(), types[StepSucceeded.__name__])


async def _histories(
    store: Store, reals: Sequence[RealOrder]
) -> tuple[dict[str, History], tuple[str, ...]]:
    found: dict[str, History] = {}
    missing: list[str] = []
    for real in reals:
        for run in (real.order.id, real.order.lifecycle):
            events = await store.read(run)
            if events:
                found[run] = History(events)
            else:
                missing.append(f"there is no run {run}")
    return found, tuple(missing)


def _ledger(histories: Mapping[str, History]) -> dict[str, list[Effect]]:
    return {run: history.ledger() for run, history in histories.items()}


def _chains(histories: Mapping[str, History]) -> Check:
    faults: list[str] = []
    for history in histories.values():
        try:
            history.verify()
        except StoreError as error:
            faults.append(str(error))
    return Check("every digest chain is unbroken", len(histories), tuple(faults))


async def _index(store: Store, histories: Mapping[str, History]) -> Check:
    faults = [
        f"{run}: the index says otherwise than its events"
        for run, history in histories.items()
        if entry_of(history.replay()) != await store.entry(run)
    ]
    return Check("every row of the index follows from its events", len(histories), tuple(faults))


def _at_rest(histories: Mapping[str, History]) -> Check:
    states = {run: history.replay() for run, history in histories.items()}
    faults = [
        f"{run} is {state.status} at {state.state}"
        for run, state in states.items()
        if state.status not in _AT_REST
    ]
    return Check("every run has ended, or waits for somebody", len(histories), tuple(faults))


def _charges(book: Book, ledger: Mapping[str, list[Effect]]) -> Check:
    logged = [receipt_id(effect.key) for effect in _done(ledger, "charge")]
    charged = [charge.receipt for charge in book.charges]
    faults = _differences(logged, charged, "in the log", "in the provider's book")
    return Check("every charge of the provider is in the log, and no other", len(charged), faults)


def _refunds(book: Book, ledger: Mapping[str, list[Effect]]) -> Check:
    logged = [effect.key for effect in _done(ledger, "refund", "pay_back")]
    faults = _differences(
        logged, [refund.key for refund in book.refunds], "in the log", "in the provider's book"
    )
    undone = {
        receipt_id(effect.key)
        for effect in _done(ledger, "charge")
        if effect.status == "compensated"
    }
    unpaid = undone - {refund.receipt for refund in book.refunds}
    faults += tuple(f"{receipt} was undone, and not paid back" for receipt in sorted(unpaid))
    return Check("every refund of the provider is in the log, and no other", len(logged), faults)


def _goods(world: World, ledger: Mapping[str, list[Effect]]) -> Check:
    kept = [e.key.partition("/")[0] for e in _done(ledger, "reserve") if e.status == "confirmed"]
    sent = [e.key.partition("/")[0] for e in _done(ledger, "ship")]
    faults = _differences(kept, Warehouse(world).reserved(), "in the log", "in the warehouse")
    faults += _differences(sent, Carrier(world).parcels(), "in the log", "with the carrier")
    return Check("the goods are where the log says", len(kept) + len(sent), faults)


async def _outcomes(
    store: Store, reals: Sequence[RealOrder], reference: Mapping[str, Outcome]
) -> Check:
    faults: list[str] = []
    for real in reals:
        mine, other = await outcome_of(store, real), reference.get(real.order.id)
        if mine != other:
            faults.append(f"{real.order.id}: {mine}, undisturbed {other}")
    return Check("every outcome is that of an undisturbed demo", len(reals), tuple(faults))


def _done(ledger: Mapping[str, list[Effect]], *steps: str) -> list[Effect]:
    """The effects of some steps that happened, whether they were undone later or not."""
    return [
        effect
        for effects in ledger.values()
        for effect in effects
        if effect.step in steps and effect.status in _HAPPENED
    ]


def _differences(
    first: Iterable[str], second: Iterable[str], here: str, there: str
) -> tuple[str, ...]:
    """What one side has more of than the other, as sentences."""
    left, right = Counter(first), Counter(second)
    more = [f"{name} is {here}, and not {there}" for name in sorted((left - right).elements())]
    return (
        *more,
        *(f"{name} is {there}, and not {here}" for name in sorted((right - left).elements())),
    )
