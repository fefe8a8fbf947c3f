"""Commands: what somebody asks a run for. A command may be refused."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Command(BaseModel):
    """Base of all commands; immutable, and closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")
