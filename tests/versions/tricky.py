"""Workflows and a lifecycle that turn on what Pythons read or write in other ways."""

from __future__ import annotations

import contextlib
import enum
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, TypedDict, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from interlock.machines import (
    Check,
    Command,
    Effect,
    Lifecycle,
    Refuse,
    Retry,
    after,
    approval,
    each,
    entering,
    on,
    parallel,
    resource,
    sleep,
    step,
    wait_for,
    workflow,
)

Unit = TypeVar("Unit")
OrderId = NewType("OrderId", str)


class Colour(enum.StrEnum):
    RED = enum.auto()
    GREEN = enum.auto()


class Rights(enum.IntFlag):
    READ = 1
    WRITE = 2
    BOTH = 3


class Size(NamedTuple):
    width: int
    height: typing.Optional[int] = None  # noqa: UP045  as older code says it


class Extra(TypedDict, total=False):
    note: str


class Page(BaseModel, Generic[Unit]):
    items: list[Unit] = []
    total: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True)
class Parcel:
    id: UUID
    size: Size
    price: Decimal | None
    rights: Rights = Rights.READ
    colours: frozenset[Colour] = frozenset()
    tags: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    sent: typing.Union[datetime, date, None] = None  # noqa: UP007  as older code says it


class Arrived(Command):
    at: datetime
    how: Literal["road", "rail", Colour.RED] = "road"


class Lost(Exception):
    pass


class Depot:
    pass


async def unpack(parcel: Parcel) -> None:
    del parcel


@step(compensate=unpack, retry=Retry.standard, timeout="30 seconds", raises=(Lost,))
async def pack(parcel: Parcel, *more: Parcel, at: Path | None = None, depot: Depot = resource()) -> Parcel:  # noqa: E501  # fmt: skip
    """Pack
    it.
    """
    return parcel


@step
async def count(
    what: Sequence[Mapping[str, int]], by: Callable[[int], str] | str = "", **more: typing.Any
) -> typing.Dict[str, typing.List[int]]:  # noqa: UP006  as older code says it
    return {str(what): [len(more)]}


@step
async def say(text: str) -> str:
    return text


@step
async def listed(page: Page[int], order: OrderId, extra: Extra) -> Page[Decimal]:
    return Page(items=[Decimal(item) for item in page.items])


@workflow
async def tricky_formats(order: dict[str, Any], width: int) -> str:
    """Formats.

      Indented, which
    some Pythons take away.
    """
    if f"{order['id']}:{order['kind']!r:>{width}}" == "1:'x'":
        return await say.named("numbered")(f"{'one' if width == 1 else 'many'} {order['id']=} {{}}")
    if order["id"] in f'it\'s "{order["id"]:>10}" \\ \n{width:,}{width!s:{width}.{width}}':
        return await say.named("letters")("é × 🙂 🫨 \N{GREEK SMALL LETTER ALPHA} \x00 \u2028")
    if order["kind"] == "🫨" or f"🫨{width:}{width = }" == f"{ {1: 2}[1] }{(lambda: 1)!s:.0}":
        return await say.named("hours")(f"{width:%H:%M}")
    return await say(rf"\d{width}" "" f"{f'{width}'}")


@workflow
async def tricky_comprehensions(rows: list[list[int]], n: int) -> list[object]:
    x = await say("outer")
    flat = [x * n for row in rows for x in row if x]
    pairs = {x: [y for y in range(x) if y != n] for x in flat}
    later = [n + v for x in flat for v in sorted(flat, key=lambda v: v - x)]
    said = [await say(f"{x}") for x in flat if (await say.named("test")("?")) != str(x)]
    seen = {await say.named("seen")(str(y)): x for y in later}
    total = sum(len(x) for x in pairs.values())
    return [x, flat, said, seen, total, [-locally for locally in (n, *later)][-1]]


@workflow
async def tricky_catch(parcel: Parcel, *rest: Parcel, strict: bool = False) -> str:
    told: list[str] = []
    while True:
        try:
            with contextlib.suppress(KeyError, OSError):
                parcel = await pack(parcel, *rest)
                break
        except (Lost, BufferError) as lost:
            told += [str(lost)]
            if strict and (lost.args or not told[:-1]):
                raise Lost(f"{parcel.id!s} {', '.join(told)}") from lost
            await sleep(timedelta(minutes=len(told)))
        except Exception:
            raise
        else:
            told.append("suppressed")
        finally:
            await say("tried")
    match parcel:
        case Parcel(size=Size(width, None), colours=colours) if colours:
            return await say.named("wide")(f"{width}")
        case Parcel(rights=Rights.BOTH | Rights.WRITE, tags={"a": (1, *_), **others}):
            return await say.named("rights")(f"{others}")
        case _ if ((size := parcel.size)[0] > 1 and not -1 < size.width <= 10) or not told:
            return await say.named("size")(f"{size[:1]}{told[0:-1:2]}")
        case _:
            pass
    arrived = await wait_for(Arrived, where=lambda a: a.how != "rail", timeout="2 days")
    return arrived.how


@workflow
async def tricky_spread(parcels: list[Parcel], page: Page[int], by: dict[str, int]) -> object:
    async def one(parcel: Parcel) -> Parcel:
        decision = await approval(f"packer", about={"parcel": parcel, **by}, timeout="1 day")  # noqa: F541
        return await pack(parcel) if decision.granted else parcel

    kept: Parcel | None = None
    for index, (parcel, *_) in enumerate(zip(parcels, by, strict=False), start=1):
        if index % 2 and (kept := await one(parcel)).price is None:
            continue
        by[f"{index}"] = by.get("x", 0) + 1
    by |= {"done": 1}
    counted, packed = await parallel(count([by], "", k=1), one(parcels[0]))
    pages = await listed(page, OrderId(f"{counted}"), {"note": "n"})
    several = await each(pack, parcels, concurrency=2)
    return [counted, packed, pages, several, kept, lambda_free(by)]


def lambda_free(by: dict[str, int]) -> list[int]:
    return sorted(by.values(), key=lambda value: -value)


class Goods(BaseModel):
    parcels: tuple[Parcel, ...] = ()
    size: Size | None = None


class Put(Command):
    parcel: Parcel


class Take(Command):
    id: UUID


def has_room(goods: Goods, command: Put) -> Check:
    return len(goods.parcels) < 3 or Refuse(f"{len(goods.parcels)} are {'too' * 1} many")


class TrickyShelf(Lifecycle[Colour, Goods], initial=Colour.GREEN, final=set()):
    """A shelf.

    Red when full.
    """

    @on(Put, source=Colour.GREEN, guard=has_room)
    def put(self, goods: Goods, command: Put) -> Goods:
        """Put
        it.
        """
        return goods.model_copy(update={"parcels": (*goods.parcels, command.parcel)})

    @on(Put, source=Colour.GREEN, target=Colour.RED)
    def fill(self, goods: Goods, command: Put) -> Goods:
        return goods.model_copy(update={"parcels": (*goods.parcels, command.parcel)})

    @on(Take, source={Colour.GREEN, Colour.RED}, target=Colour.GREEN)
    def take(self, goods: Goods, command: Take) -> Goods:
        left = tuple(parcel for parcel in goods.parcels if parcel.id != command.id)
        return goods.model_copy(update={"parcels": left})

    @after("2 hours", source=Colour.RED, target=Colour.GREEN)
    def clear(self, goods: Goods) -> Goods:
        return Goods()

    @entering(Colour.RED)
    def tell(self, goods: Goods) -> Effect:
        return say.effect(f"full: {[str(parcel.id) for parcel in goods.parcels]}")
