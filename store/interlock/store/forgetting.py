"""The vocabulary of personal data: which key store a log has, and who was forgotten."""

from __future__ import annotations

from interlock.store.event import Body

STREAM = "$personal"
"""The stream that says what this log has to do with personal data."""

MACHINE = "personal data"
"""Its name in the index, in place of a machine's."""


class KeyStoreBound(Body, frozen=True):
    """The keys of this log's personal values are in the key store of this id."""

    keys: str


class SubjectForgotten(Body, frozen=True):
    """A subject's key is destroyed: what was encrypted with it can never be read again.

    It stands in the stream `$personal`, before the key goes, and in every run concerned.

    Attributes:
        key: id of the key, "" for a subject that had none.
        runs: how many runs held something of the subject; 0 in a run.
    """

    subject: str
    key: str = ""
    runs: int = 0
