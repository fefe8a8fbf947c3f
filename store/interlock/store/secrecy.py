"""Errors of keys and of personal data (ILK210 to ILK219)."""

from __future__ import annotations

from interlock.store.errors import StoreError


class KeyStoreError(StoreError):
    """Any failure to get at a key."""

    code = "ILK210"


class NoKeyStore(KeyStoreError):
    """A personal value is written or read where there is no key store."""

    code = "ILK211"


class KeyStoreLost(KeyStoreError):
    """The key store that the log names is not there, or another one stands in its place.

    Nothing was erased by that, and nothing is written: put the right file back.
    """

    code = "ILK212"


class KeyMissing(KeyStoreError):
    """The key store does not know the key of a personal value, which was not erased either."""

    code = "ILK213"


class Forgotten(KeyStoreError):
    """The text of a personal value was asked for whose subject was forgotten: it is gone.

    Attributes:
        subject: whose it was.
    """

    code = "ILK214"

    def __init__(self, message: str, subject: str = "") -> None:
        super().__init__(message)
        self.subject = subject


class KeyRequired(KeyStoreError):
    """The store is encrypted, and was opened without its key."""

    code = "ILK215"


class WrongKey(KeyStoreError):
    """The store is encrypted with another key than the one that was given."""

    code = "ILK216"


class NotEncrypted(KeyStoreError):
    """A key was given for a store that holds events in plain."""

    code = "ILK217"


class BadKey(KeyStoreError):
    """What was given as a key is none: 32 bytes are wanted, or their base64."""

    code = "ILK218"
