"""A seal: what a log was at one instant, small enough to be kept somewhere else."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec

from interlock.audit.errors import BadSeal

FORMAT = "interlock seal 1"
MARK = 4
"""Bytes of an event's mark: enough to find the event that was altered, once the root says so."""


class Seal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One seal. `docs/audit.md` describes the format.

    Attributes:
        format: always `FORMAT`.
        log: identity of the log.
        number: its place among the seals of the log, from 1.
        at: when it was made, as ISO 8601 text.
        first, last: positions of the first and last event that it covers.
        root: Merkle root over them, hex.
        definitions: of each definition that no seal before it names, by hash: its digest.
        previous: digest of the seal before it, "" for the first.
        digest: SHA-256 (hex) of all that it says, which the next seal names.
        key: public key of the signature (Ed25519, hex), "" where it is not signed.
        signature: hex.
        marks: the first bytes of each event's leaf, base64. They are not part of what is signed:
            they say which event was altered, never whether one was.
    """

    format: str
    log: str
    number: int
    at: str
    first: int
    last: int
    root: str
    definitions: dict[str, str] = {}
    previous: str = ""
    digest: str = ""
    key: str = ""
    signature: str = ""
    marks: str = ""

    @property
    def count(self) -> int:
        """How many events it covers."""
        return self.last - self.first + 1

    @property
    def whole(self) -> bool:
        """Whether it says what it said when it was made, as far as its own digest tells."""
        return self.digest == sha256(self.said()).hexdigest()

    def ended(self) -> Seal:
        """The same seal with its digest."""
        return msgspec.structs.replace(self, digest=sha256(self.said()).hexdigest())

    def said(self) -> bytes:
        """What is signed: all but `digest`, `signature` and `marks`, as JSON with sorted keys."""
        return said(msgspec.to_builtins(self))

    def read_marks(self) -> bytes:
        """The marks of all its events, one after the other; b"" where it has none."""
        try:
            raw = b64decode(self.marks, validate=True)
        except ValueError:
            return b""
        whole = len(raw) == MARK * self.count and b64encode(raw).decode() == self.marks
        return raw if whole else b""

    def line(self) -> str:
        """The seal as it stands in a file: one line of JSON, with its end."""
        return json.dumps(msgspec.to_builtins(self), separators=(",", ":")) + "\n"


UNSAID = ("digest", "signature", "marks")
"""What is not part of what is digested and signed."""


def said(fields: dict[str, Any]) -> bytes:
    """What of a seal is digested and signed."""
    kept = {name: value for name, value in fields.items() if name not in UNSAID}
    return json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()


def marks_of(leaves: Iterable[bytes]) -> str:
    """The marks of some leaves."""
    return b64encode(b"".join(leaf[:MARK] for leaf in leaves)).decode()


def instant_text(at: datetime) -> str:
    """An instant as a seal says it: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_seals(text: str, name: str = "the seals") -> list[Seal]:
    """The seals of a file, one on each line, checked to follow from each other.

    Raises:
        BadSeal: a line is no seal, or does not follow from the one before it.
    """
    seals: list[Seal] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            seals.append(_read(line, f"line {number} of {name}", seals))
    return seals


def _read(line: str, where: str, before: Sequence[Seal]) -> Seal:
    try:
        seal = msgspec.json.decode(line, type=Seal)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"{where} is not a seal (was it cut off?): {error}"
        raise BadSeal(message) from error
    last = before[-1] if before else None
    wrong = ""
    if seal.format != FORMAT:
        wrong = f"it is of format {seal.format!r}; this program reads {FORMAT!r}"
    elif not seal.whole:
        wrong = "it was altered: its digest does not fit"
    elif seal.previous != ("" if last is None else last.digest):
        wrong = "it does not link to the seal before it: one of the two was altered or removed"
    elif seal.number != len(before) + 1:
        wrong = f"it is number {seal.number}, and should be {len(before) + 1}"
    elif seal.first != (1 if last is None else last.last + 1) or seal.last < seal.first:
        wrong = f"it covers {seal.first} to {seal.last}, which does not follow"
    elif last is not None and seal.log != last.log:
        wrong = f"it is of log {seal.log}, the ones before it of {last.log}"
    if wrong:
        message = f"{where}: {wrong}"
        raise BadSeal(message)
    return seal
