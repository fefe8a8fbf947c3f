"""The contract of key stores: where the keys of subjects are kept, apart from the log."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Protocol

import msgspec

SECRET = 64
"""Bytes of a subject's secret: 32 to encrypt with, 32 to derive nonces with."""

_SUMMED = "k1-"
"""How an id begins that vouches for its key; those of older releases, and others, do not."""


class SubjectKey(msgspec.Struct, frozen=True):
    """A subject's key, or what is left of it.

    Attributes:
        subject: whose personal values it encrypts.
        id: names it in the log; says nothing about the subject or the secret.
        secret: 64 random bytes, None once it was destroyed.
    """

    subject: str
    id: str
    secret: bytes | None

    def __repr__(self) -> str:
        state = "destroyed" if self.secret is None else "secret"
        return f"SubjectKey({self.subject!r}, {self.id!r}, {state})"

    @property
    def damaged(self) -> bool:
        """Whether it is not the key that was made: nothing may be encrypted with it."""
        if self.secret is None:
            return False
        if not self.id.startswith(_SUMMED):
            return len(self.secret) != SECRET
        return self.id != _id_of(self.subject, self.secret)


def new_key(subject: str) -> SubjectKey:
    """A key that never was before."""
    secret = secrets.token_bytes(SECRET)
    return SubjectKey(subject, _id_of(subject, secret), secret)


def _id_of(subject: str, secret: bytes) -> str:
    """An id by which a key that was altered is told; it says nothing: nobody guesses a secret."""
    found = sha256(b"interlock/key/1\0" + subject.encode() + b"\0" + secret)
    return f"{_SUMMED}{found.hexdigest()[:24]}"


class KeyStore(Protocol):
    """One key a subject, for as long as it is not destroyed. Called from several threads.

    What `create` returned is durable: a value that is encrypted with a lost key is lost. What
    `destroy` returned from is gone for good, here and for every other process, at once: nobody may
    keep a secret beyond the call that uses it.
    """

    def identity(self) -> str:
        """An id that this key store got when it was made, "" while there is nothing to be found.

        Raises:
            KeyStoreLost: there is something that is no key store.
        """
        ...

    def get(self, key: str) -> SubjectKey | None:
        """The key of this id, destroyed or not; None when it was never here."""
        ...

    def find(self, subject: str) -> SubjectKey | None:
        """The key of a subject, destroyed or not; None when it never had one."""
        ...

    def create(self, subject: str) -> SubjectKey:
        """The key of a subject, made now if it never had one. A destroyed one stays destroyed."""
        ...

    def destroy(self, subject: str) -> SubjectKey:
        """Destroy a subject's key. Also one that never had one is remembered as destroyed."""
        ...

    def close(self) -> None:
        """Release what is held open. A later call opens it again."""
        ...
