"""Encrypting and decrypting personal values, each with its subject's own key."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from interlock.store.cipher import aes
from interlock.store.keystore import KeyStore, SubjectKey
from interlock.store.secrecy import Forgotten, KeyMissing, KeyStoreError, KeyStoreLost, NoKeyStore

_NONCE = 12


class Vault:
    """The key store of one log, and what is done with its keys.

    AES-256-GCM, with a nonce that is derived from the content by a second key (HMAC-SHA-256): one
    subject's equal values are encrypted alike, so that digests, sets and repeated commits see
    them as equal, and different ones never share a nonce.

    Attributes:
        bound: identity of the key store as the log names it, "" while the log names none.
        blanks: how many values of forgotten subjects it was given.
        unbound: called when something was encrypted that the log names no key store for.
    """

    def __init__(self, keys: KeyStore | None = None, bound: str = "") -> None:
        self._keys = keys
        self.bound = bound
        self.unbound: Callable[[], None] | None = None
        self.blanks = 0

    @property
    def keys(self) -> KeyStore:
        """The key store.

        Raises:
            NoKeyStore: there is none.
        """
        if self._keys is None:
            message = "personal data is read or written where there is no key store: open an engine"
            raise NoKeyStore(message)
        return self._keys

    def use(self, keys: KeyStore) -> None:
        """Take this key store from now on."""
        self._keys = keys

    def check(self) -> None:
        """Make sure that the key store is the one that the log names.

        Raises:
            KeyStoreLost: it is not there, or is another.
        """
        if not self.bound:
            return
        found = self.keys.identity()
        if found != self.bound:
            raise KeyStoreLost(_lost(self.keys, found, self.bound))

    def seal(self, subject: str, content: bytes) -> tuple[str, bytes]:
        """Encrypt for a subject: the key's id, and the ciphertext.

        What is said about a forgotten subject is forgotten at once: nothing of it is kept.

        Raises:
            KeyStoreError: the key cannot be had.
        """
        self.check()
        key = self.keys.create(subject)
        if not self.bound and self.unbound is not None:
            self.unbound()
        if key.secret is None:
            self.blanks += 1
            return "", b""
        self._check_whole(key)
        encrypting, deriving = key.secret[:32], key.secret[32:]
        around = _around(key)
        nonce = hmac.digest(deriving, around + content, sha256)[:_NONCE]
        return key.id, nonce + aes(encrypting).encrypt(nonce, content, around)

    def open(self, subject: str, key: str, data: bytes) -> bytes:
        """Decrypt.

        Raises:
            Forgotten: the subject's key was destroyed.
            KeyMissing: the key store does not know the key.
            KeyStoreError: it cannot be asked, or what was recorded was altered.
        """
        found = self._find(subject, key)
        if found is None or found.secret is None:
            message = f"the personal data of {subject!r} was forgotten: nothing is left of it"
            raise Forgotten(message, subject)
        self._check_whole(found)
        try:
            nonce, text = data[:_NONCE], data[_NONCE:]
            return aes(found.secret[:32]).decrypt(nonce, text, _around(found))
        except Exception as error:  # of `cryptography`, which may not be imported here
            message = f"a personal value of {subject!r} cannot be decrypted: it was altered"
            raise KeyStoreError(message) from error

    def is_forgotten(self, subject: str, key: str) -> bool:
        """Whether the key of a value was destroyed.

        Raises:
            KeyMissing, KeyStoreError: that cannot be told.
        """
        found = self._find(subject, key)
        return found is None or found.secret is None

    def _check_whole(self, key: SubjectKey) -> None:
        if key.damaged:
            message = (
                f"the key {key.id} of {key.subject!r} in {_named(self.keys)} is damaged: put the "
                "file's latest backup back. Nothing was erased and nothing is written"
            )
            raise KeyStoreError(message)

    def _find(self, subject: str, key: str) -> SubjectKey | None:
        if not key:
            return None
        found = self.keys.get(key)
        if found is not None and found.subject == subject:
            return found
        self.check()
        message = (
            f"the key {key} of {subject!r} is not in {_named(self.keys)}: the value comes from "
            "another store, or the key store is an older copy. It was not erased"
        )
        raise KeyMissing(message)


def _around(key: SubjectKey) -> bytes:
    """What is authenticated besides: a ciphertext cannot be passed off as another subject's."""
    return f"interlock/personal/1\0{key.id}\0{key.subject}\0".encode()


def _named(keys: KeyStore) -> str:
    path = getattr(keys, "path", None)
    return "the key store" if path is None else f"the key store {path}"


def _lost(keys: KeyStore, found: str, wanted: str) -> str:
    path = getattr(keys, "path", None)
    empty = path is not None and Path(path).exists()
    what = f"is another one ({found})" if found else "is empty" if empty else "is not there"
    return (
        f"{_named(keys)} {what}; this log's personal data needs the key store {wanted}. "
        "Nothing was erased and nothing is written: put the file back (or its latest backup), "
        "or name where it is (interlock --personal-keys FILE COMMAND …; in a program: keys=…)"
    )
