"""Errors of the demo and of its simulated world (ILK110 to ILK119)."""

from __future__ import annotations

from interlock.store.errors import InterlockError


class DemoError(InterlockError):
    """The demo cannot run as asked: a file that does not fit, a store that is in use."""

    code = "ILK110"


class ShopError(Exception):
    """What can go wrong with an order: errors of the shop's own, as any author declares them."""


class InvalidOrder(ShopError):
    """An order that the shop does not take."""


class Rejected(ShopError):
    """The manager said no; the text is the reason."""


class PaymentDeclined(ShopError):
    """The card's bank said no: a fact about the customer, so trying again is no use."""


class ProviderUnavailable(ShopError):
    """The payment provider answered with an error; nothing was charged."""


class ProviderTimeout(ShopError):
    """The payment provider did not answer in time: whether it charged is unknown."""
