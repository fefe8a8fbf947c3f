"""Classes with personal values, and how plaintext is looked for in files."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from interlock.store.keystores import MemoryKeys
from interlock.store.values import Personal, Subject, Types
from interlock.store.vault import Vault


class Customer(BaseModel):
    id: Subject
    name: Personal[str]
    emails: list[Personal[str]] = []


@dataclass
class Address:
    street: Personal[str]


@dataclass(slots=True)
class Patient:
    number: Subject
    born: Personal[int]
    home: Address | None = None
    notes: dict[str, Personal[str]] = field(default_factory=dict[str, Personal[str]])


class Caller(NamedTuple):
    who: Subject
    phone: Personal[str]


def types_with(vault: Vault | None = None) -> Types:
    """A registry of all classes above, with keys in memory."""
    types = Types(vault=vault or Vault(MemoryKeys()))
    types.collect(Customer, Patient, Caller)
    return types


def traces(text: str) -> Iterator[bytes]:
    """The byte sequences by which a text would be found again."""
    raw = text.encode(errors="surrogatepass")
    yield raw
    yield text.encode("utf-16-le", errors="surrogatepass")
    yield text.encode("utf-16-be", errors="surrogatepass")
    yield json.dumps(text)[1:-1].encode()
    yield repr(text)[1:-1].encode(errors="surrogatepass")
    yield json.dumps(repr(text)[1:-1])[1:-1].encode()
    yield json.dumps(text, ensure_ascii=False)[1:-1].encode(errors="surrogatepass")
    for shift in range(3):  # wherever it begins within what was encoded
        inner = base64.b64encode(b"\0" * shift + raw)
        yield inner[4 if shift else 0 : -4]


def found_in(folder: Path, *texts: str) -> list[tuple[str, bytes]]:
    """Where any of the texts can be found in the files of a folder, in any of these forms."""
    return [
        (file.name, trace)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        for text in texts
        for trace in traces(text)
        if len(trace) >= 6 and trace in file.read_bytes()
    ]


def holding(folder: Path, secret: bytes) -> list[str]:
    """The files of a folder that hold these bytes."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file.name for file in files if secret in file.read_bytes()]
