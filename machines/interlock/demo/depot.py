"""The simulated warehouse and carrier: both remember every key, as the payment provider does."""

from __future__ import annotations

import hashlib

from interlock.demo.world import World


class Warehouse:
    """Keeps goods aside for orders."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def reserve(self, key: str, order: str) -> str:
        """Keep the goods of an order aside; the id of the reservation."""
        await self._world.answer_time(key)
        self._world.execute(
            'INSERT OR IGNORE INTO reservation (key, "order") VALUES (?, ?)', key, order
        )
        return key

    async def release(self, reservation: str) -> None:
        """Put the goods back on the shelf; once more does no harm."""
        await self._world.answer_time("release", reservation)
        self._world.execute("UPDATE reservation SET released = 1 WHERE key = ?", reservation)

    def reserved(self) -> list[str]:
        """The orders whose goods are aside."""
        sql = 'SELECT "order" FROM reservation WHERE released = 0 ORDER BY rowid'
        return [str(order) for (order,) in self._world.rows(sql)]


class Carrier:
    """Takes parcels."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def hand_over(self, key: str, order: str, carrier: str) -> str:
        """Hand a parcel over; its tracking number."""
        await self._world.answer_time(key)
        self._world.execute("INSERT OR IGNORE INTO parcel VALUES (?, ?, ?)", key, order, carrier)
        return hashlib.sha256(key.encode()).hexdigest()[:10].upper()

    def parcels(self) -> list[str]:
        """The orders that were handed over."""
        return [str(order) for (order,) in self._world.rows('SELECT "order" FROM parcel')]
