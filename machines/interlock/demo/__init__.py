"""The demo: 99 real orders through a checkout workflow and an order lifecycle."""

from interlock.demo.checkout import checkout
from interlock.demo.lifecycle import OrderLifecycle

__all__ = ["OrderLifecycle", "checkout"]
