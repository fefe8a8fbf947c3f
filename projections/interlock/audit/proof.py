"""A proof that one event stood in a sealed log: checked without the log."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path

import msgspec

from interlock.audit.archived_event import archived_event
from interlock.audit.errors import BadProof, BrokenSeal
from interlock.audit.keys import is_signed
from interlock.audit.merkle import climb, leaf_of, path_of, root_of
from interlock.audit.seal import Seal
from interlock.store.digest import digest_of
from interlock.store.inspection import Inspection, Raw

FORMAT = "interlock proof 1"


class Proven(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The event of a proof, exactly as it is stored.

    Attributes:
        stream, version, type, position: see `Event`.
        stored: its stored text; "" where that is not text.
        stored64: its stored bytes, base64; "" where `stored` says them.
    """

    stream: str
    version: int
    type: str
    position: int
    stored: str = ""
    stored64: str = ""

    @property
    def digest(self) -> str:
        """The event's digest, from its stored bytes.

        Raises:
            ValueError: they are not written as they have to be.
        """
        raw = self.stored.encode()
        if self.stored64:
            raw = b64decode(self.stored64, validate=True)
            if self.stored or b64encode(raw).decode() != self.stored64:
                message = "its bytes are said in two ways"
                raise ValueError(message)
        return digest_of(self.stream, self.version, self.type, raw)


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A proof. `docs/audit.md` describes the format.

    Attributes:
        format: always `FORMAT`.
        event: what is proven to have been in the log.
        path: hashes (hex) from its leaf to the root of the seal, the lowest first.
        seal: the seal, without its marks.
    """

    format: str
    event: Proven
    path: list[str]
    seal: Seal

    def text(self) -> str:
        """The proof as a JSON document."""
        return json.dumps(msgspec.to_builtins(self), indent=1, ensure_ascii=False) + "\n"


class Prover:
    """Makes proofs for events of one log; it reads what a seal covers once."""

    def __init__(self, snapshot: Inspection, seals: Sequence[Seal]) -> None:
        self._snapshot = snapshot
        self._seals = seals
        self._leaves: dict[int, list[bytes]] = {}

    def prove(self, raw: Raw) -> Proof:
        """The proof for one event; raises as `prove`."""
        name = f"event {raw.version} of {raw.stream!r}"
        seal = next((one for one in self._seals if one.first <= raw.position <= one.last), None)
        if seal is None:
            upto = self._seals[-1].last if self._seals else 0
            message = (
                f"{name} stands at position {raw.position}, and the seals cover {upto}: seal the"
                " log first (`interlock seal`)"
            )
            raise BadProof(message)
        path = path_of(raw.position - seal.first, self._covered(seal))
        return Proof(
            format=FORMAT,
            event=_proven(raw),
            path=[step.hex() for step in path],
            seal=msgspec.structs.replace(seal, marks=""),
        )

    def _covered(self, seal: Seal) -> list[bytes]:
        if seal.number in self._leaves:
            return self._leaves[seal.number]
        leaves: list[bytes] = []
        for one in self._snapshot.digests(seal.first - 1):
            if one.position > seal.last:
                break
            leaves.append(leaf_of(one.position, one.digest))
        if root_of(leaves).hex() != seal.root:
            message = (
                f"the log is not what seal {seal.number} of {seal.at} covers, so nothing can be"
                " proven; `interlock verify --seal FILE` names the first bad event"
            )
            raise BrokenSeal(message)
        self._leaves[seal.number] = leaves
        return leaves


def prove(
    snapshot: Inspection,
    seals: Sequence[Seal],
    stream: str,
    version: int,
    folder: Path | None = None,
) -> Proof:
    """The proof for one event. That of an archived run is read from its archive.

    Args:
        folder: where archives are now, if they were moved since.

    Raises:
        BadProof: there is no such event, or it is not sealed yet.
        BadArchive: its archive is not there, or was altered.
        BrokenSeal: the log is not what was sealed.
    """
    raw = next((row for row in snapshot.rows(stream) if row.version == version), None)
    if raw is None:
        raw = archived_event(snapshot, stream, version, folder)
    if raw is None:
        message = f"there is no event {version} of {stream!r} to prove"
        raise BadProof(message)
    return Prover(snapshot, seals).prove(raw)


def _proven(raw: Raw) -> Proven:
    text, coded = "", ""
    try:
        text = raw.state.decode()
    except UnicodeDecodeError:  # it is encrypted
        coded = b64encode(raw.state).decode()
    return Proven(
        stream=raw.stream,
        version=raw.version,
        type=raw.topic,
        position=raw.position,
        stored=text,
        stored64=coded,
    )


def read_proof(text: str) -> Proof:
    """The proof of a JSON document.

    Raises:
        BadProof: it is none.
    """
    try:
        proof = msgspec.json.decode(text, type=Proof)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"this is no proof: {error}"
        raise BadProof(message) from error
    if proof.format != FORMAT:
        message = f"this proof is of format {proof.format!r}; this program reads {FORMAT!r}"
        raise BadProof(message)
    return proof


def _bytes_of(step: str) -> bytes:
    """A hash of a path; there is one way to write it."""
    raw = bytes.fromhex(step)
    if raw.hex() != step:
        message = f"{step!r} is not lower-case hex"
        raise ValueError(message)
    return raw


def check_proof(proof: Proof, *, seals: Sequence[Seal] = (), public: str = "") -> None:
    """Check that a proof holds; nothing else is needed for it.

    Args:
        seals: the seals as they were kept; the proof's own has to be one of them.
        public: the key (hex) that its seal has to be signed with.

    Raises:
        BadProof: says why it does not hold.
    """
    event, seal = proof.event, proof.seal
    try:
        leaf = leaf_of(event.position, event.digest)
        path = [_bytes_of(step) for step in proof.path]
    except ValueError as error:
        message = f"the proof was altered: {error}"
        raise BadProof(message) from error
    root = climb(leaf, event.position - seal.first, seal.count, path)
    wrong = ""
    if root is None or root.hex() != seal.root:
        wrong = "the event does not lead to the root of the seal"
    elif not seal.whole:
        wrong = "its seal was altered"
    elif seals and seal.digest not in {one.digest for one in seals}:
        wrong = f"its seal {seal.number} is not among the seals that were kept"
    elif public and seal.key != public:
        whose = f"signed with key {seal.key[:16]}" if seal.key else "not signed"
        wrong = f"its seal is {whose}, and should be with key {public[:16]}"
    elif seal.key and not is_signed(seal.said(), seal.signature, seal.key):
        wrong = "the signature of its seal does not fit"
    if wrong:
        message = f"the proof does not hold: {wrong}"
        raise BadProof(message)
