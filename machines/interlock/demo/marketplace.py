"""The lifecycle of a marketplace order, fed with what the data says and when it happened."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel

from interlock.machines.command import Command
from interlock.machines.guard import Check, Refuse
from interlock.machines.lifecycle import Lifecycle, on


class Stage(StrEnum):
    """Where a marketplace order is; the words of the data, and two that come before them."""

    ANNOUNCED = "announced"
    PURCHASED = "purchased"
    APPROVED = "approved"
    INVOICED = "invoiced"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    UNAVAILABLE = "unavailable"
    CANCELED = "canceled"


class MarketplaceData(BaseModel):
    """What is known of an order.

    Attributes:
        customer: their id.
        happened: what happened to it and when, in the order in which it was accepted; None
            for an instant that the data does not have.
    """

    customer: str
    happened: dict[str, datetime | None] = {}

    def having(self, command: Dated) -> MarketplaceData:
        """What is known once a command was accepted."""
        happened = {**self.happened, type(command).__name__: command.at}
        return self.model_copy(update={"happened": happened})


class Dated(Command):
    """Something that happened at an instant; None when the data does not say when."""

    at: datetime | None = None


class Purchase(Dated):
    """The customer ordered."""


class Approve(Dated):
    """The payment was approved."""


class Invoice(Dated):
    """The invoice was written."""


class Process(Dated):
    """The seller is at work."""


class HandOver(Dated):
    """The seller gave the parcel to the carrier."""


class Deliver(Dated):
    """The customer has it."""


class RunOut(Dated):
    """The seller has none left."""


class Cancel(Dated):
    """The order was called off, if need be after delivery."""


def approved(data: MarketplaceData, command: Dated) -> Check:
    """Whether the payment was approved."""
    return Approve.__name__ in data.happened or Refuse("the payment is not approved yet")


def handed_over(data: MarketplaceData, command: Dated) -> Check:
    """Whether the carrier has the parcel."""
    return HandOver.__name__ in data.happened or Refuse("the carrier does not have it yet")


_OPEN = (Stage.ANNOUNCED, Stage.PURCHASED, Stage.APPROVED, Stage.INVOICED, Stage.PROCESSING)
_PAID = (Stage.APPROVED, Stage.INVOICED, Stage.PROCESSING)


class MarketplaceOrder(
    Lifecycle[Stage, MarketplaceData],
    initial=Stage.ANNOUNCED,
    final={Stage.UNAVAILABLE, Stage.CANCELED},
    name="demo-marketplace-order",
):
    """An order of a marketplace, where sellers ship and somebody else approves the payment."""

    @on(Purchase, source=Stage.ANNOUNCED, target=Stage.PURCHASED)
    def purchase(self, data: MarketplaceData, command: Purchase) -> MarketplaceData:
        """Note it."""
        return data.having(command)

    @on(Approve, source=Stage.PURCHASED, target=Stage.APPROVED)
    def approve(self, data: MarketplaceData, command: Approve) -> MarketplaceData:
        """Note it."""
        return data.having(command)

    @on(Invoice, source=Stage.APPROVED, target=Stage.INVOICED)
    def invoice(self, data: MarketplaceData, command: Invoice) -> MarketplaceData:
        """Note it."""
        return data.having(command)

    @on(Process, source=(Stage.APPROVED, Stage.INVOICED), target=Stage.PROCESSING)
    def process(self, data: MarketplaceData, command: Process) -> MarketplaceData:
        """Note it."""
        return data.having(command)

    @on(HandOver, source=_OPEN, target=Stage.SHIPPED, guard=approved)
    def hand_over(self, data: MarketplaceData, command: HandOver) -> MarketplaceData:
        """Note it."""
        return data.having(command)

    @on(Deliver, source=(*_OPEN, Stage.SHIPPED), target=Stage.DELIVERED, guard=handed_over)
    def deliver(self, data: MarketplaceData, command: Deliver) -> MarketplaceData:
        """Note it."""
        return data.having(command)

    @on(RunOut, source=_PAID, target=Stage.UNAVAILABLE)
    def run_out(self, data: MarketplaceData, command: RunOut) -> MarketplaceData:
        """Note it."""
        return data.having(command)

    @on(Cancel, source=(*_OPEN, Stage.SHIPPED, Stage.DELIVERED), target=Stage.CANCELED)
    def cancel(self, data: MarketplaceData, command: Cancel) -> MarketplaceData:
        """Note it."""
        return data.having(command)
