"""Names of events that a machine itself makes, so that no command can have them."""

from __future__ import annotations

from collections.abc import Mapping

from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition
from interlock.machines.interchange.leftover import Unconvertible
from interlock.machines.ir import ALWAYS, DONE


def is_timer(event: str) -> bool:
    """Whether an event is the end of a delay, such as `after 48 hours`."""
    if not event.startswith("after "):
        return False
    try:
        duration(event.removeprefix("after "))
    except BadDefinition:
        return False
    return True


def is_done(event: str) -> bool:
    """Whether an event says that nested states have come to their end."""
    return event == DONE or event.startswith(f"{DONE} ")


def is_internal(event: str) -> bool:
    """Whether an event comes from the machine itself, so that it is no command."""
    return event == ALWAYS or is_done(event) or event.startswith("after ")


def command_name(event: str, rename: Mapping[str, str]) -> str:
    """The name of a command for an event of another description.

    Raises:
        Unconvertible: it would be taken for an event that the machine makes.
    """
    name = rename.get(event, event)
    if not is_internal(name):
        return name
    text = f"{name!r} is an event that the machine makes itself; pass rename={{{name!r}: '...'}}"
    raise Unconvertible(text)
