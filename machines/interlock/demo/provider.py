"""The simulated payment provider: it fails, declines and times out, and remembers every key."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from interlock.demo.errors import PaymentDeclined, ProviderTimeout, ProviderUnavailable
from interlock.demo.world import World

DECLINED = 0.08
"""Share of card payments that the bank declines."""

_TROUBLES: tuple[tuple[float, tuple[str, ...]], ...] = (
    (0.10, ("unavailable",)),
    (0.16, ("unavailable", "unavailable")),
    (0.25, ("timeout",)),
    (0.28, ("unavailable", "timeout")),
    (0.29, ("unavailable",) * 99),
)
"""What happens at the first attempts, by a number drawn from 0 to 1; beyond the last: nothing."""


class Provider:
    """The payment provider of one world.

    A request is known by its idempotency key: the first that succeeds moves the money, and every
    later one gets the same answer and moves nothing.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    async def charge(
        self, key: str, order: str, payment: str, amount: Decimal, *, card: bool, attempt: int = 1
    ) -> str:
        """Take money; the id of the receipt.

        Args:
            key: idempotency key.
            order, payment: what the money is for.
            amount: how much.
            card: whether it is a card, which can be declined.
            attempt: number of the caller's attempt, from 1.

        Raises:
            PaymentDeclined: for good: the same for every request with this key.
            ProviderUnavailable: nothing was charged; try again.
            ProviderTimeout: no answer came. (The money was taken, which the caller cannot know.)
        """
        await self._world.answer_time(key, attempt)
        trouble = self._trouble(key, attempt)
        with self._world.transaction():
            self._world.count_request(key, "charge")
            known = self._world.rows("SELECT id FROM charge WHERE key = ?", key)
            if known:
                return receipt_id(key)
            declined = card and self._world.draw("declined", key) < DECLINED
            if not declined and trouble != "unavailable":
                self._world.execute(
                    'INSERT INTO charge (key, "order", payment, amount) VALUES (?, ?, ?, ?)',
                    key, order, payment, str(amount),
                )  # fmt: skip
        if trouble == "unavailable":
            raise ProviderUnavailable("503 Service Unavailable")
        if declined:
            text = f"the bank declined {amount} for {order}"
            raise PaymentDeclined(text)
        if trouble == "timeout":
            raise ProviderTimeout("no answer within 10 seconds")
        return receipt_id(key)

    async def refund(self, key: str, receipt: str, amount: Decimal) -> None:
        """Give the money of a receipt back."""
        await self._world.answer_time(key)
        with self._world.transaction():
            self._world.count_request(key, "refund")
            if not self._world.rows("SELECT id FROM refund WHERE key = ?", key):
                self._world.execute(
                    "INSERT INTO refund (key, receipt, amount) VALUES (?, ?, ?)",
                    key, receipt, str(amount),
                )  # fmt: skip

    def book(self) -> Book:
        """The provider's own book, to be compared with the shop's."""
        rows = self._world.rows
        charges = rows('SELECT key, "order", payment, amount FROM charge ORDER BY id')
        twice = 'SELECT "order", payment FROM charge GROUP BY "order", payment HAVING count(*) > 1'
        again = "SELECT receipt FROM refund GROUP BY receipt HAVING count(*) > 1"
        requests = rows("SELECT coalesce(sum(count), 0), count(*) FROM request")
        return Book(
            charges=tuple(
                Charge(receipt_id(key), order, payment, Decimal(amount))
                for key, order, payment, amount in charges
            ),
            refunds=tuple(
                Refund(*row) for row in rows("SELECT key, receipt FROM refund ORDER BY id")
            ),
            doubled=tuple(f"{order}, payment {payment}" for order, payment in rows(twice)),
            refunded_twice=tuple(str(receipt) for (receipt,) in rows(again)),
            requests=requests[0][0],
            repeated=requests[0][0] - requests[0][1],
        )

    def _trouble(self, key: str, attempt: int) -> str:
        drawn = self._world.draw("trouble", key)
        plan = next((plan for below, plan in _TROUBLES if drawn < below), ())
        return plan[attempt - 1] if attempt <= len(plan) else ""


@dataclass(frozen=True, slots=True)
class Charge:
    """Money that was taken."""

    receipt: str
    order: str
    payment: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that was given back."""

    key: str
    receipt: str


@dataclass(frozen=True, slots=True)
class Book:
    """What the provider did and was asked for.

    Attributes:
        charges: money taken, in order.
        refunds: money given back, in order.
        doubled: payments that were charged more than once.
        refunded_twice: receipts whose money was given back more than once.
        requests: requests in all.
        repeated: requests with a key that had been used before.
    """

    charges: tuple[Charge, ...]
    refunds: tuple[Refund, ...]
    doubled: tuple[str, ...]
    refunded_twice: tuple[str, ...]
    requests: int
    repeated: int


def receipt_id(key: str) -> str:
    """The id of the receipt for a charge with this key."""
    return f"receipt:{key}"
