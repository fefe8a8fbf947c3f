"""What a lock file holds of a machine: all that can be compared, without places and source."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from interlock.machines.ir import Edge, Machine, Node

TABLES: Mapping[str, str] = {
    "nodes": "states", "edges": "transitions", "calls": "calls", "values": "values",
}  # fmt: skip
"""What has a table of its own, a line for each thing, and what that is called in the file."""

_KINDS: Mapping[str, type[msgspec.Struct]] = {"nodes": Node, "edges": Edge, "calls": Node}
_PLACES = {"file": "", "line": 0, "source": "", "module": "", "qualname": "", "helpers": ()}


class Locked(msgspec.Struct, frozen=True):
    """A machine as it was locked.

    Attributes:
        target: `MODULE:NAME` that it was locked by.
        machine: it, without places in files and without source.
        hash: of the definition.
        line: of the lock file where it begins, 0 when it was not read from one.
        kept: it is old code, kept for the runs that follow it.
    """

    target: str
    machine: Machine
    hash: str
    line: int = 0
    kept: bool = False

    @property
    def key(self) -> str:
        """What it goes by: the machine's name; of old code that is kept, with its hash."""
        return f"{self.machine.name}@{self.hash}" if self.kept else self.machine.name

    @property
    def module(self) -> str:
        """The module that it was locked by."""
        return self.target.partition(":")[0]


Lock: TypeAlias = dict[str, Locked]
"""Everything that is locked, by its key: see `Locked.key`."""


def locked(target: str, machine: Machine, *, kept: bool = False) -> Locked:
    """What is locked of a machine."""
    parts = {
        name: tuple(_bare(part) for part in getattr(machine, name))
        for name in _KINDS
        if hasattr(machine, name)
    }
    return Locked(target, replace(machine, **parts, **_PLACES), machine.hash, kept=kept)


def section(one: Locked) -> dict[str, Any]:
    """A locked machine as plain values, in the order of the file, without its digest."""
    plain = _plain(one.machine)
    tables: dict[str, Any] = {table: plain.pop(name, {}) for name, table in TABLES.items()}
    for name in _KINDS:
        rows: list[dict[str, Any]] = tables[TABLES[name]] or []
        tables[TABLES[name]] = {row["id"]: _row(row) for row in rows}
    del plain["name"]
    return {"target": one.target, "hash": one.hash, **plain, **tables}


def machine_from(name: str, found: dict[str, Any]) -> Locked:
    """The locked machine of a section.

    Raises:
        msgspec.ValidationError, KeyError, TypeError, AttributeError: it is not one.
    """
    own = {k: v for k, v in found.items() if k not in ("target", "hash", "digest")}
    plain: dict[str, Any] = {"name": name}
    for field, table in TABLES.items():
        rows = own.pop(table, {})
        if field in _KINDS:
            ends = _ends if field == "edges" else _nothing
            rows = [ends(key) | {"id": key} | row for key, row in rows.items()]
            for row in rows:
                _known_only(row, _KINDS[field])
        if rows or field in _KINDS:
            plain[field] = rows
    plain = {k: v for k, v in plain.items() if v or hasattr(Machine, k)} | own
    _known_only(plain, Machine)
    return Locked(str(found["target"]), msgspec.convert(plain, Machine), str(found["hash"]))


def digest_of(name: str, found: dict[str, Any]) -> str:
    """Sixteen hex digits over a section, whatever the order of its lines, but for the digest."""
    counted = {"name": name} | {
        key: value for key, value in found.items() if key != "digest" and value != {}
    }
    text = msgspec.json.encode(counted, order="sorted")
    return hashlib.sha256(text).hexdigest()[:16]


def _bare(part: Node | Edge) -> Node | Edge:
    return replace(part, file="", line=0) if isinstance(part, Node) else replace(part, line=0)


def _plain(struct: msgspec.Struct) -> dict[str, Any]:
    """The fields of a struct that are not as by default, as plain values."""
    plain: dict[str, Any] = {}
    for field in msgspec.structs.fields(struct):
        value = getattr(struct, field.name)
        if value in (field.default, (), {}):
            continue
        if field.name in _KINDS:
            plain[field.name] = [_plain(part) for part in value]
        else:
            plain[field.name] = msgspec.to_builtins(value)
    return plain


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """What stands in the line of a state or transition, whose name stands before it."""
    said = _ends(row["id"]) if "source" in row else {}
    return {k: v for k, v in row.items() if k != "id" and said.get(k) != v}


def _ends(key: str) -> dict[str, str]:
    """Source and target, where the name of a transition says them: `charge -> ship on error`."""
    source, arrow, rest = key.partition(" -> ")
    if not arrow or " -> " in rest:
        return {}
    return {"source": source, "target": rest.partition(" on ")[0]}


def _nothing(_: str) -> dict[str, str]:
    return {}


def _known_only(found: dict[str, Any], struct: type[msgspec.Struct]) -> None:
    unknown = found.keys() - {field.name for field in msgspec.structs.fields(struct)}
    if unknown:
        message = f"{min(unknown)!r} is not known"
        raise TypeError(message)
