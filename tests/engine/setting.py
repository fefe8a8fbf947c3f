"""A workflow whose variables are of every kind that a path can lead through."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from interlock.machines import step, workflow


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Where(NamedTuple):
    city: str
    code: int = 0


@dataclass
class Part:
    name: str
    weight: float | None = None
    colour: Colour = Colour.RED


class Line(BaseModel):
    name: str
    price: Decimal = Field(gt=0)
    parts: list[Part] = []


class Parcel(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: str
    lines: tuple[Line, ...]
    pair: tuple[str, int] = ("a", 1)
    by_name: dict[str, Line] = {}
    colours: dict[Colour, int] = {}
    numbers: dict[int, str] = {}
    tags: set[str] = set()
    coupon: str | None = None
    due: datetime | None = None
    part: Part | None = None
    where: Where | None = None
    rate: float = 0.5
    wait: timedelta = timedelta(days=1)


def parcel() -> Parcel:
    """One with something of each."""
    pot = Line(name="pot", price=Decimal(2))
    return Parcel.model_validate({
        "id": "1",
        "lines": (Line(name="tea", price=Decimal(4), parts=[Part("leaf")]), pot),
        "by_name": {"a.b": pot}, "colours": {Colour.RED: 5}, "numbers": {7: "seven"},
        "tags": {"u", "v"}, "note": "beside the fields",
    })  # fmt: skip


@step
async def look(parcel: Parcel) -> str:
    return parcel.id


@workflow(name="setting")
async def setting(parcel: Parcel) -> list[object]:
    held: tuple[str, Part] = ("x", Part("p"))
    queue = deque([Decimal(1), Decimal(2)])
    places = [Where("Bonn", 1)]
    nothing = None
    await look(parcel)
    return [held, queue, places, nothing, parcel.id]
