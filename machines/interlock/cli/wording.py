"""Words that the phrases of all events share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from interlock.store.event import JSON, Encoded, Event

Plain: TypeAlias = Callable[[Encoded], JSON]
"""Turns a recorded value into plain JSON, with the run's memory as it was after the event."""

_PLACE = re.compile(r"\[([^\[\]]*)\](?=/|$)")


def name_of(activity: str) -> str:
    """`charge` of `charge#3`, and of `each:order#1[7]/charge#3`."""
    return activity.rpartition("]/")[2].partition("#")[0]


def branch_of(activity: str) -> str:
    """`7` of `each:order#1[7]/charge#3`: which of several calls it belongs to; "" for none."""
    return "/".join(_PLACE.findall(activity))


def by(event: Event, before: str = "") -> str:
    """Who caused an event; nothing for an unnamed one if something stands before it."""
    who = event.actor.id or ("" if before else event.actor.kind)
    return f"{before}{who}" if who else ""


def because(said: str, reason: str) -> str:
    """What happened, and why."""
    return f"{said}: {reason}" if reason else said
