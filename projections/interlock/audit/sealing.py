"""Making seals, and holding a log against those that were made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from interlock.audit.errors import BadSeal, BrokenSeal
from interlock.audit.finding import ELSEWHERE, SEALS, Findings
from interlock.audit.keys import Signer
from interlock.audit.merkle import Tree, leaf_of
from interlock.audit.seal import FORMAT, MARK, Seal, instant_text, marks_of
from interlock.audit.signing import check_signatures, check_signer
from interlock.store.inspection import Digest, Inspection, sum_of


def make_seal(
    snapshot: Inspection, seals: Sequence[Seal], at: datetime, signer: Signer | None = None
) -> Seal | None:
    """A seal over all events since the last one; None when there are none.

    Args:
        seals: those made before. The log is held against them first.

    Raises:
        BrokenSeal: the log is not what was sealed before.
        BadSeal: it is, but the seals were altered, or are not of one signer.
        OtherSigner: the seals before are signed, and this one would not be, or with another key.
    """
    check_signer(seals, signer)
    findings = Findings()
    check_seals(snapshot, seals, findings)
    if findings.only(SEALS):
        message = (
            f"{findings.found[0].what}; nothing was sealed: begin a new place, whose first seal"
            " covers the whole log"
        )
        raise BadSeal(message)
    if findings.first is not None:
        message = f"{findings.first.what}; nothing was sealed"
        raise BrokenSeal(message)
    before = seals[-1] if seals else None
    first = 1 if before is None else before.last + 1
    tree, leaves = Tree(), list[bytes]()
    for expected, one in enumerate(snapshot.digests(first - 1), first):
        if one.position != expected:
            message = f"position {expected} of the log is missing; nothing was sealed"
            raise BrokenSeal(message)
        leaf = leaf_of(one.position, one.digest)
        tree.add(leaf)
        leaves.append(leaf[:MARK])
    if not tree.count:
        return None
    known = {key for seal in seals for key in seal.definitions}
    made = Seal(
        format=FORMAT,
        log=snapshot.log,
        number=len(seals) + 1,
        at=instant_text(at),
        first=first,
        last=first + tree.count - 1,
        root=tree.root().hex(),
        definitions={k: said for k, said in _definitions(snapshot) if k not in known},
        previous="" if before is None else before.digest,
        key="" if signer is None else signer.public,
        marks=marks_of(leaves),
    ).ended()
    if signer is None:
        return made
    return msgspec.structs.replace(made, signature=signer.sign(made.said()))


def check_seals(
    snapshot: Inspection, seals: Sequence[Seal], findings: Findings, public: str = ""
) -> None:
    """Hold a log against its seals, from the first. It is read once.

    Args:
        seals: as `read_seals` gives them, linked to each other.
        public: the key (hex) that all of them have to be signed with; "" takes the key that they
            name, which says that they are whole and of one signer, not of whom.
    """
    if not seals:
        return
    if seals[0].log != snapshot.log:
        findings.add(
            f"the seals are of log {seals[0].log}, and this is log {snapshot.log}: it is another"
            " database",
            about=ELSEWHERE,
        )
    check_signatures(seals, findings, public)
    digests = _Digests(snapshot.digests())
    for seal in seals:
        if not _check_events(seal, digests, findings):
            break
    _check_definitions(snapshot, seals, findings)


class _Digests:
    """The digests of a log, of which the next one can be looked at first."""

    def __init__(self, digests: Iterator[Digest]) -> None:
        self._digests = digests
        self.next: Digest | None = next(digests, None)

    def take(self) -> Digest | None:
        one, self.next = self.next, next(self._digests, None)
        return one


def _check_events(seal: Seal, digests: _Digests, findings: Findings) -> bool:
    """Whether the log goes on beyond this seal, so that the next one can be looked at."""
    tree, marks = Tree(), seal.read_marks()
    differs: list[Digest] = []
    same_after = False
    when = f"seal {seal.number} of {seal.at}"
    for position in range(seal.first, seal.last + 1):
        found = digests.next
        if found is None or found.position != position:
            _missing(seal, position, found, findings)
            return False
        digests.take()
        leaf = leaf_of(position, found.digest)
        tree.add(leaf)
        place = (position - seal.first) * MARK
        if marks and leaf[:MARK] != marks[place : place + MARK]:
            if not differs:
                differs.append(found)
            same_after = False
        else:
            same_after = True
    if tree.root().hex() == seal.root:
        if differs or not marks:
            what = f"the marks of {when} were altered in its file; the log is as sealed"
            findings.add(what, about=SEALS)
        return True
    if not differs:
        findings.add(
            f"an event at one of the positions {seal.first} to {seal.last} is not the one that was"
            f" sealed ({when})"
        )
        return True
    _altered(seal, differs[0], findings, rest=not same_after)
    return True


def _missing(seal: Seal, position: int, found: Digest | None, findings: Findings) -> None:
    when = f"seal {seal.number} of {seal.at}"
    if found is not None:
        what = f"the event at position {position}, which {when} covers, is missing"
        findings.add(what, position=position)
        return
    findings.add(
        f"the log ends at position {position - 1}, and {when} covers {seal.last}: the event at"
        f" position {position} is the first one missing (its end was removed, or an older copy"
        " was put in its place)",
        position=position,
    )


def _altered(seal: Seal, first: Digest, findings: Findings, *, rest: bool) -> None:
    what = (
        f"event {first.version} of {first.stream!r}, at position {first.position}, is not the one"
        f" that was sealed (seal {seal.number} of {seal.at})"
    )
    if rest and first.position < seal.last:
        what += (
            "; nor is what follows it: another log, or an older copy that went on, took its place"
        )
    findings.add(what, first.stream, first.version, first.position)


def _check_definitions(snapshot: Inspection, seals: Sequence[Seal], findings: Findings) -> None:
    stored = dict(_definitions(snapshot))
    for seal in seals:
        for key, digest in seal.definitions.items():
            if stored.get(key) != digest:
                what = "is missing" if key not in stored else "is not what was sealed"
                findings.add(f"definition {key} {what} (seal {seal.number} of {seal.at})")


def _definitions(snapshot: Inspection) -> Iterator[tuple[str, str]]:
    for one in snapshot.definitions():
        yield one.hash, sum_of(one.hash, one.name, one.ir, one.source)
