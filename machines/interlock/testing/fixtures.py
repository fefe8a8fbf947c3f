"""Failing cases as files: written once, played first the next time, kept for as long as wanted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from pydantic import BaseModel

from interlock.store.errors import InterlockError
from interlock.store.values import Types, decode_whole, encode_whole
from interlock.testing.errors import BadFixture
from interlock.testing.moves import (
    Cancel,
    Case,
    Crash,
    Decide,
    Fail,
    Fault,
    Jump,
    Move,
    Pass,
    Return,
    Send,
    Settle,
    Swap,
    Twice,
)

FORMAT = 1

_KINDS: dict[str, type[Any]] = {
    one.__name__.lower(): one
    for one in (Send, Pass, Return, Fail, Decide, Settle, Cancel, Crash, Twice, Swap, Jump)
}


class Fixtures:
    """The failing cases of one machine, in one folder.

    Attributes:
        folder: where they are; it is made when there is one to be written.
        machine: its name.
    """

    def __init__(
        self, folder: Path, machine: str, types: Types, laws: Iterable[str], others: str
    ) -> None:
        self.folder = folder
        self.machine = machine
        self._types = types
        self._laws = [*map(_safe, laws)]
        self._others = others

    def read(self, law: str) -> Iterator[tuple[Path, Case]]:
        """The cases in which a law did not hold.

        Raises:
            BadFixture: one of them cannot be read with the present classes, or is of no law.
        """
        for file in sorted(self.folder.glob(f"{_safe(self.machine)}-*-*.json")):
            name = file.stem.partition("-")[2].rpartition("-")[0]
            if name not in self._laws and not name.startswith(self._others):
                raise BadFixture(str(file), f"there is no law {name!r}")
        for file in sorted(self.folder.glob(f"{_safe(self.machine)}-{_safe(law)}-*.json")):
            yield file, self._case(file, law)

    def write(self, law: str, why: str, lines: list[str], case: Case) -> Path | None:
        """Keep a case; the file, or None where it cannot be written. None is written over."""
        try:
            told = {"start": self._value(case.start), "moves": [*map(self._part, case.moves)],
                    "faults": [*map(self._part, case.faults)]}  # fmt: skip
        except InterlockError:  # what cannot be recorded cannot be kept either
            return None
        digest = hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()[:8]
        file = self.folder / f"{_safe(self.machine)}-{_safe(law)}-{digest}.json"
        whole = {
            "interlock": FORMAT, "machine": self.machine, "law": law, "why": why, "lines": lines,
        }  # fmt: skip
        text = msgspec.json.format(msgspec.json.encode(whole | told), indent=2)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError), file.open("xb") as opened:
                opened.write(text + b"\n")
        except OSError:
            return None
        return file

    def _case(self, file: Path, law: str) -> Case:
        try:
            told = msgspec.json.decode(file.read_bytes())
            said = told["law"]
            start = decode_whole(self._types, told["start"])
            moves: tuple[Move, ...] = tuple(self._read(part) for part in told["moves"])
            faults: tuple[Fault, ...] = tuple(self._read(part) for part in told["faults"])
        except (InterlockError, msgspec.DecodeError, OSError, LookupError, TypeError) as error:
            raise BadFixture(str(file), f"it cannot be read: {error}") from error
        except ValueError as error:  # a model that does not accept it any more
            raise BadFixture(str(file), f"it does not fit the classes of today: {error}") from error
        if said != law:
            raise BadFixture(str(file), f"it is of the law {said!r}, and its name says {law!r}")
        strange = next(_strange([start, *moves, *faults]), "")
        if strange:
            raise BadFixture(str(file), f"it does not fit the classes of today: {strange}")
        return Case(start, moves, faults)

    def _part(self, part: Any) -> dict[str, Any]:
        told: dict[str, Any] = {"kind": type(part).__name__.lower(), "says": str(part)}
        for field in fields(part):
            told[field.name] = self._value(getattr(part, field.name))
        return told

    def _read(self, told: dict[str, Any]) -> Any:
        cls = _KINDS[told["kind"]]
        values = {one.name: decode_whole(self._types, told[one.name]) for one in fields(cls)}
        return cls(**values)

    def _value(self, value: Any) -> Any:
        if isinstance(value, timedelta | str | int | bool | None):
            return encode_whole(Types(), value)
        return encode_whole(self._types, value)


def _strange(value: Any) -> Iterator[str]:
    """The fields of objects in a value that their classes do not have, or that are missing."""
    inside: Iterable[Any] = ()
    if isinstance(value, BaseModel):
        yield from _other_fields(value, type(value).model_fields)
        inside = vars(value).values()
    elif is_dataclass(value) and not isinstance(value, type):
        names = [one.name for one in fields(value)]
        yield from _other_fields(value, names)
        inside = [getattr(value, name) for name in names if hasattr(value, name)]
    elif isinstance(value, dict):
        inside = [*_any(value).keys(), *_any(value).values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inside = _any(value)
    for one in inside:
        yield from _strange(one)


def _other_fields(value: object, names: Iterable[str]) -> Iterator[str]:
    cls = type(value)
    has = [name for name in getattr(value, "__dict__", {}) if not hasattr(cls, name)]
    yield from (f"{cls.__name__} has no field {name}" for name in has if name not in names)
    missing = [name for name in names if not hasattr(value, name)]
    yield from (f"{cls.__name__} without its field {name}" for name in missing)


def _any(value: Any) -> Any:
    return value


def _safe(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "._" else "_" for letter in name)
