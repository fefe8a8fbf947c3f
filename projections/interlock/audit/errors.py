"""Errors of seals and proofs (ILK026 to ILK029, ILK120, ILK280, ILK281)."""

from __future__ import annotations

from interlock.projections.errors import ProjectionError


class BadSeal(ProjectionError):
    """A seal cannot be read, does not follow from the one before it, or was altered."""

    code = "ILK026"


class BrokenSeal(ProjectionError):
    """The log is not what was sealed; names the first bad event."""

    code = "ILK027"


class BadProof(ProjectionError):
    """A proof does not hold, or is none."""

    code = "ILK028"


class NoKey(ProjectionError):
    """A signature cannot be made or checked: no such key, or `cryptography` is not installed."""

    code = "ILK029"


class NotKept(ProjectionError):
    """The place where seals are kept cannot be read or written."""

    code = "ILK120"


class OtherSigner(ProjectionError):
    """Seals that are signed with one key go on with that key; a new place begins with any."""

    code = "ILK280"


class NotSigned(ProjectionError):
    """Nothing is wrong with the log, but its seals are not signed as they should be."""

    code = "ILK281"
