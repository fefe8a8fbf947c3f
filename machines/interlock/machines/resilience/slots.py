"""The machine of a shared bulkhead: a pool of places that engines take and renew."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from interlock.machines.command import Command
from interlock.machines.guard import Check, Refuse
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.rule import on
from interlock.projections.leases import Lease, SlotsData


class Pool(StrEnum):
    """The only state."""

    OPEN = "open"


class HoldPlaces(Command):
    """An engine wants to hold places until an instant, in place of those it holds.

    Attributes:
        holder: the engine.
        least, wanted: fewer than `least` are of no use; more than `wanted` are not needed.
        max: places in all.
        at: now.
    """

    holder: str
    least: int
    wanted: int
    max: int
    at: datetime
    until: datetime


def has_room(pool: SlotsData, command: HoldPlaces) -> Check:
    """Whether the others leave as many as it needs."""
    room = command.max - pool.others(command.at, command.holder)
    return room >= command.least or Refuse("all places are taken")


class PlacePool(Lifecycle[Pool, SlotsData], initial=Pool.OPEN, final=(), name="$bulkhead"):
    """Hands out places up to the maximum; those that are not renewed are free again."""

    @on(HoldPlaces, source=Pool.OPEN, target=Pool.OPEN, guard=has_room)
    def hold(self, pool: SlotsData, command: HoldPlaces) -> SlotsData:
        """Give the holder what it wants, as far as there is room."""
        room = command.max - pool.others(command.at, command.holder)
        count = min(command.wanted, room)
        leases = {
            h: x for h, x in pool.leases.items() if h != command.holder and x.until > command.at
        }
        if count > 0:
            leases[command.holder] = Lease(count=count, until=command.until)
        return SlotsData(leases=leases)
