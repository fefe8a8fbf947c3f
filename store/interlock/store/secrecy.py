"""Errors of keys and of personal data (ILK190 to ILK199)."""

from __future__ import annotations

from interlock.store.errors import StoreError


class KeyStoreError(StoreError):
    """Any failure to get at a key."""

    code = "ILK190"


class NoKeyStore(KeyStoreError):
    """A personal value is written or read where there is no key store."""

    code = "ILK191"


class KeyStoreLost(KeyStoreError):
    """The key store that the log names is not there, or another one stands in its place.

    Nothing was erased by that, and nothing is written: put the right file back.
    """

    code = "ILK192"


class KeyMissing(KeyStoreError):
    """The key store does not know the key of a personal value, which was not erased either."""

    code = "ILK193"


class Forgotten(KeyStoreError):
    """The text of a personal value was asked for whose subject was forgotten: it is gone.

    Attributes:
        subject: whose it was.
    """

    code = "ILK194"

    def __init__(self, message: str, subject: str = "") -> None:
        super().__init__(message)
        self.subject = subject


class KeyRequired(KeyStoreError):
    """The store is encrypted, and was opened without its key."""

    code = "ILK195"


class WrongKey(KeyStoreError):
    """The store is encrypted with another key than the one that was given."""

    code = "ILK196"


class NotEncrypted(KeyStoreError):
    """A key was given for a store that holds events in plain."""

    code = "ILK197"


class BadKey(KeyStoreError):
    """What was given as a key is none: 32 bytes are wanted, or their base64."""

    code = "ILK198"
