"""More that the harness is tried on: children, a lifecycle, a person."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel

from interlock.machines import (
    Lifecycle,
    Personal,
    after,
    each,
    entering,
    on,
    step,
    workflow,
)
from interlock.machines.effect import Effect
from testing.store_front import Basket, Collected, pay, post


@step
async def ring(door: int) -> None:
    """Nobody is there."""


@workflow
async def ringing(door: int) -> int:
    await ring(door)
    return door


@workflow
async def walking(doors: int) -> int:
    await ring(0)
    done = await ringing(1)
    rung = await each(ring, [*range(doors)])
    return done + len(rung)


@workflow(name="selling")
async def selling_fast(basket: Basket) -> str:
    await pay(basket)
    return await post("parcel", express=True)


class Is(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    GONE = "gone"


class Door(BaseModel):
    used: int = 0


class DoorLifecycle(Lifecycle[Is, Door], initial=Is.OPEN, final={Is.GONE}, steps=[ring]):
    @on(Collected, source=Is.OPEN, target=Is.CLOSED)
    def close(self, door: Door, command: Collected) -> Door:
        return door.model_copy(update={"used": door.used + 1})

    @after("1 day", source=Is.CLOSED, target=Is.OPEN)
    def spring(self, door: Door) -> Door:
        return door

    @entering(Is.CLOSED)
    def tell(self, door: Door) -> Effect:
        return ring.effect(door.used)


class Guest(BaseModel):
    id: str
    name: Personal[str]


@step
async def greet(guest: Guest) -> str:
    return "hello"


@workflow
async def greeting(guest: Guest) -> str:
    return await greet(guest)
