"""The machine of a debounce: the last offer of a burst is carried out once it is quiet."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from interlock.machines.command import Command
from interlock.machines.guard import Check, Refuse
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.rule import on


class Quiet(StrEnum):
    """The states."""

    IDLE = "idle"
    WAITING = "waiting"
    RELEASING = "releasing"


class OfferData(BaseModel):
    """The offer that stands.

    Attributes:
        id: the run to be started, or the command's id.
        machine: to be started, "" for a command.
        run: that gets the command, "" for a start.
        name: type of the command.
        args, named: encoded input; of a command, its encoded value alone.
        by, reason, correlation: who made it, why, and on which request.
        due: when it is carried out, unless another one comes.
        error: why the last one could not be carried out.
    """

    model_config = ConfigDict(frozen=True)

    id: str = ""
    machine: str = ""
    run: str = ""
    name: str = ""
    args: list[Any] = []
    named: dict[str, Any] = {}
    by: str = ""
    reason: str = ""
    correlation: str = ""
    due: datetime | None = None
    error: str = ""


class Offer(Command):
    """A start or a command is wanted; it takes the place of the one that waits."""

    offer: OfferData


class Release(Command):
    """It has been quiet for long enough: this offer is carried out."""

    id: str
    at: datetime


class Done(Command):
    """It was carried out, or could not be."""

    id: str
    error: str = ""


def it_is_due(offer: OfferData, command: Release) -> Check:
    """Whether this offer still stands, and nothing more may come."""
    due = offer.due is not None and offer.due <= command.at
    return (due and offer.id == command.id) or Refuse("another offer came")


def it_is_this_one(offer: OfferData, command: Done) -> Check:
    """Whether nobody else said so before."""
    return offer.id == command.id or Refuse("that was said before")


class Debouncing(Lifecycle[Quiet, OfferData], initial=Quiet.IDLE, final=(), name="$debounce"):
    """Waits until nothing has come for a while; then lets the last one through."""

    @on(Offer, source=(Quiet.IDLE, Quiet.WAITING), target=Quiet.WAITING)
    def offer(self, offer: OfferData, command: Offer) -> OfferData:
        """Take the place of the offer before."""
        return command.offer

    @on(Release, source=Quiet.WAITING, target=Quiet.RELEASING, guard=it_is_due)
    def release(self, offer: OfferData, command: Release) -> OfferData:
        """From here on this offer is carried out, whatever comes."""
        return offer

    @on(Done, source=Quiet.RELEASING, target=Quiet.IDLE, guard=it_is_this_one)
    def done(self, offer: OfferData, command: Done) -> OfferData:
        """Wait for the next burst."""
        return OfferData(error=command.error)
