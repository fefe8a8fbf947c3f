"""Take an order: hold the goods for a while, charge, ship. What fails midway is undone."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from pydantic import BaseModel

from interlock.machines import Command, current, now, policies, resource, step, wait_for, workflow

HOLD = timedelta(minutes=15)


class Order(BaseModel):
    item: str
    price: Decimal


class Lease(BaseModel):
    id: str
    expires: datetime


class Confirmed(Command):
    card: str  # as a token of the bank: what is sent is kept in the log


class SoldOut(Exception): ...


class LeaseLost(Exception): ...


class Declined(Exception): ...


class NotShipped(Exception): ...


class Warehouse(Protocol):
    async def hold(self, key: str, item: str, time: timedelta) -> Lease: ...
    async def extend(self, lease: str, time: timedelta) -> None: ...
    async def release(self, lease: str) -> None: ...
    async def ship(self, lease: str) -> str: ...


class Bank(Protocol):
    async def charge(self, key: str, card: str, amount: Decimal) -> str: ...
    async def refund(self, key: str, payment: str) -> None: ...


async def release(lease: Lease, warehouse: Warehouse = resource()) -> None:
    await warehouse.release(lease.id)  # one that is over is over: that is no error


@step(policy=policies.http_api, raises=SoldOut, compensate=release)
async def reserve(order: Order, warehouse: Warehouse = resource()) -> Lease:
    return await warehouse.hold(current().key, order.item, HOLD)


@step(policy=policies.http_api, raises=LeaseLost)
async def extend(lease: Lease, warehouse: Warehouse = resource()) -> None:
    await warehouse.extend(lease.id, HOLD)


async def refund(payment: str, bank: Bank = resource()) -> None:
    await bank.refund(current().key, payment)


@step(policy=policies.http_api, raises=Declined, compensate=refund)
async def charge(order: Order, card: str, bank: Bank = resource()) -> str:
    return await bank.charge(current().key, card, order.price)


@step(policy=policies.http_api, raises=NotShipped, irreversible="the parcel is on its way")
async def ship(lease: Lease, warehouse: Warehouse = resource()) -> str:
    return await warehouse.ship(lease.id)


@workflow
async def checkout(order: Order) -> str:
    lease = await reserve(order)
    confirmed = await wait_for(Confirmed, timeout=lease.expires - now())
    await extend(lease)  # no money moves for goods that are somebody else's by now
    await charge(order, confirmed.card)
    return await ship(lease)
