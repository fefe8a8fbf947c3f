"""The machine of a cached result: one stream for each step and key."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from interlock.machines.command import Command
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.rule import on


class Shelf(StrEnum):
    """The states."""

    EMPTY = "empty"
    KEPT = "kept"


class KeptData(BaseModel):
    """What is kept.

    Attributes:
        value: the encoded result, or the encoded error.
        failed: it is an error.
        run: whose call led to it.
        until: it may be used before this instant, None for ever.
    """

    model_config = ConfigDict(frozen=True)

    value: Any = None
    failed: bool = False
    run: str = ""
    until: datetime | None = None


class Keep(Command):
    """A call ended; its outcome takes the place of what is kept."""

    value: Any = None
    failed: bool = False
    run: str
    until: datetime | None = None


class KeptResult(Lifecycle[Shelf, KeptData], initial=Shelf.EMPTY, final=(), name="$cache"):
    """Keeps the last outcome of a call."""

    @on(Keep, source=(Shelf.EMPTY, Shelf.KEPT), target=Shelf.KEPT)
    def keep(self, kept: KeptData, command: Keep) -> KeptData:
        """Keep this one."""
        return KeptData(
            value=command.value, failed=command.failed, run=command.run, until=command.until
        )
