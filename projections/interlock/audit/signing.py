"""Who signed seals: one key for all of a place, so that none can be slipped in without it."""

from __future__ import annotations

from collections.abc import Sequence

from interlock.audit.errors import OtherSigner
from interlock.audit.finding import SEALS, Findings
from interlock.audit.keys import Signer, is_signed
from interlock.audit.seal import Seal

_SHOWN = 16


def check_signer(seals: Sequence[Seal], signer: Signer | None) -> None:
    """See that one more seal would be signed as those before it are.

    Seals without a signature may be followed by signed ones.

    Raises:
        OtherSigner: it would not be.
    """
    key = seals[-1].key if seals else ""
    if not key or (signer is not None and signer.public == key):
        return
    if signer is None:
        what = "no key is given: name the private key of theirs (--key FILE)"
    else:
        what = f"this one would be signed with key {signer.public[:_SHOWN]}"
    message = (
        f"the seals before are signed with key {key[:_SHOWN]}, and {what}; to sign otherwise from "
        "now on, begin a new place: its first seal covers the whole log. Nothing was sealed"
    )
    raise OtherSigner(message)


def check_signatures(seals: Sequence[Seal], findings: Findings, public: str = "") -> None:
    """See that seals are signed, each as the one before it, or all with one key.

    Args:
        public: that key (hex); "" takes the key that each names.
    """
    key = public
    for seal in seals:
        if key and seal.key != key:
            findings.add(_otherwise(seal, key, given=bool(public)), about=SEALS)
        elif seal.key and not is_signed(seal.said(), seal.signature, seal.key):
            what = f"seal {seal.number} was altered: its signature does not fit"
            findings.add(what, about=SEALS)
        key = public or seal.key or key


def _otherwise(seal: Seal, key: str, *, given: bool) -> str:
    named = f"key {key[:_SHOWN]}"
    if not seal.key:
        wanted = "should be" if given else "those before it are"
        return f"seal {seal.number} is not signed, and {wanted}, with {named}"
    wanted = f"not with {named}" if given else f"and those before it with {named}"
    return f"seal {seal.number} is signed with key {seal.key[:_SHOWN]}, {wanted}"
