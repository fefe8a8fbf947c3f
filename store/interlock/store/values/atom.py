"""Atoms: values without identity, and the JSON that stands for each of them."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from interlock.store.event import Encoded
from interlock.store.values.refusal import Refused

LONG = 64
"""Text and bytes of this length or more are objects of the run's memory: recorded once."""

Encoder: TypeAlias = Callable[[Any], Encoded]

_LEAST, _MOST = -(2**63), 2**63


def class_of(value: object) -> type:
    """The class; type checkers do not take the answer for knowledge about `value`."""
    return type(value)


def is_clean(text: str) -> bool:
    """Whether the text can be JSON: it has no lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _same(value: Encoded) -> Encoded:
    return value


def _int(value: int) -> Encoded:
    return value if _LEAST <= value < _MOST else {"$": "int", "v": hex(value)}


def _float(value: float) -> Encoded:
    return value if math.isfinite(value) else {"$": "float", "v": repr(value)}


def encode_text(value: str) -> Encoded:
    """Text of any length; lone surrogates, which JSON has no room for, are escaped."""
    if is_clean(value):
        return value
    return {"$": "text", "v": value.encode("unicode_escape").decode("ascii")}


def encode_bytes(value: bytes) -> Encoded:
    """Bytes of any length, in base64."""
    return {"$": "bytes", "v": base64.b64encode(value).decode("ascii")}


def _decimal(value: Decimal) -> Encoded:
    return {"$": "decimal", "v": str(value)}


def _date(value: date) -> Encoded:
    return {"$": "date", "v": value.isoformat()}


def _timedelta(value: timedelta) -> Encoded:
    return {"$": "timedelta", "v": [value.days, value.seconds, value.microseconds]}


def _uuid(value: UUID) -> Encoded:
    return {"$": "uuid", "v": str(value)}


def _datetime(value: datetime) -> Encoded:
    return _zoned("datetime", value)


def _time(value: time) -> Encoded:
    return _zoned("time", value)


def _zoned(tag: str, value: datetime | time) -> Encoded:
    encoded: dict[str, Encoded] = {"$": tag}
    zone = value.tzinfo
    if isinstance(zone, ZoneInfo) and zone.key:
        encoded |= {"v": value.replace(tzinfo=None).isoformat(), "zone": zone.key}
    else:
        encoded["v"] = value.isoformat()
        if type(zone) is timezone:
            name = zone.__reduce__()[1][1:]
            if name:
                encoded["name"] = str(name[0])
        elif _is_pydantic(zone):
            encoded["by"] = "pydantic"
        elif zone is not None:
            reason = f"its time zone is a {type(zone).__qualname__}; use UTC, an offset or ZoneInfo"
            raise Refused(value, reason)
    if value.fold:
        encoded["fold"] = 1
    return encoded


def _is_pydantic(zone: tzinfo | None) -> bool:
    cls = type(zone)
    return cls.__name__ == "TzInfo" and cls.__module__.startswith("pydantic_core")


def _read_zoned(cls: type[datetime] | type[time], encoded: dict[str, Any]) -> datetime | time:
    value = cls.fromisoformat(encoded["v"])
    if "zone" in encoded:
        value = value.replace(tzinfo=ZoneInfo(encoded["zone"]))
    elif value.tzinfo is not None:
        value = value.replace(tzinfo=_read_offset(value.utcoffset() or timedelta(), encoded))
    return value.replace(fold=1) if "fold" in encoded else value


def _read_offset(offset: timedelta, encoded: dict[str, Any]) -> tzinfo:
    if "name" in encoded:
        return timezone(offset, encoded["name"])
    if encoded.get("by") == "pydantic":
        from pydantic_core import TzInfo  # only where a model made the value

        return TzInfo(int(offset.total_seconds()))
    return timezone(offset) if offset else UTC


ENCODERS: dict[type, Encoder] = {
    type(None): _same,
    bool: _same,
    int: _int,
    float: _float,
    str: encode_text,
    bytes: encode_bytes,
    Decimal: _decimal,
    date: _date,
    time: _time,
    datetime: _datetime,
    timedelta: _timedelta,
    UUID: _uuid,
}
"""By exact class. Enum members are atoms too; `Types` knows their classes."""

PLAIN: dict[type, Encoder] = {
    cls: ENCODERS[cls] for cls in (type(None), bool, int, float, Decimal, date, timedelta, UUID)
}
"""Those of which every value is written in place, and none is refused."""

DECODERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "int": lambda e: int(e["v"], 16),
    "float": lambda e: float(e["v"]),
    "text": lambda e: e["v"].encode("ascii").decode("unicode_escape"),
    "bytes": lambda e: base64.b64decode(e["v"]),
    "decimal": lambda e: Decimal(e["v"]),
    "date": lambda e: date.fromisoformat(e["v"]),
    "time": lambda e: _read_zoned(time, e),
    "datetime": lambda e: _read_zoned(datetime, e),
    "timedelta": lambda e: timedelta(*e["v"]),
    "uuid": lambda e: UUID(e["v"]),
}
"""By tag; each takes the whole encoded form."""
