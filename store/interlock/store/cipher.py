"""Encrypting what a store keeps: the key of a whole store, and what it makes of an event."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from interlock.store.secrecy import BadKey, KeyRequired, KeyStoreError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LENGTH = 32
"""Bytes of a key."""

MARK = b'{"cipher":'
"""How what is stored of an encrypted event begins."""

_NONCE = 12


class Sealed(msgspec.Struct):
    """An event as an encrypted store holds it: JSON, so that exports can carry it.

    Attributes:
        cipher: id of the key.
        prev: digest of the event before it: chains can be checked without the key.
        sealed: nonce and ciphertext, in base64.
    """

    cipher: str
    prev: str
    sealed: str


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Sealed)


class Cipher:
    """The key of a store. AES-256-GCM; the nonce is derived from the content by a second key.

    So an event is always encrypted alike, and what is exported or archived is what is stored. No
    two events of a log are equal, for each has an id: no nonce is used for two contents.

    Attributes:
        id: tells keys apart, and says nothing about them.
    """

    def __init__(self, key: bytes) -> None:
        self.id = hmac.digest(key, b"interlock/store/id", sha256)[:8].hex()
        self._deriving = hmac.digest(key, b"interlock/store/nonce", sha256)
        self._cipher = aes(hmac.digest(key, b"interlock/store/content", sha256))

    def encrypt(self, place: bytes, text: bytes) -> bytes:
        """Nonce and ciphertext of something that stands at a place."""
        nonce = hmac.digest(self._deriving, place + text, sha256)[:_NONCE]
        return nonce + self._cipher.encrypt(nonce, text, place)

    def decrypt(self, place: bytes, data: bytes) -> bytes:
        """The text again.

        Raises:
            ValueError: it was altered, or comes from another place.
        """
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(data[:_NONCE], data[_NONCE:], place)
        except InvalidTag:
            message = "it does not fit the key: it was altered, or moved from another place"
            raise ValueError(message) from None

    def seal(self, place: str, prev: str, text: bytes) -> bytes:
        """The stored form of an event."""
        data = self.encrypt(f"{place}{prev}".encode(), text)
        return _encode(Sealed(self.id, prev, base64.b64encode(data).decode("ascii")))


def unseal(place: str, state: bytes) -> tuple[str, bytes]:
    """What stands in the stored form of an event: id of the key, and the text.

    Raises:
        KeyRequired: its key is not known to this process.
        ValueError: it was altered.
    """
    found = _decoder.decode(state)
    cipher = _known.get(found.cipher)
    if cipher is None:
        message = (
            f"this is encrypted, and its key ({found.cipher}) was not given: "
            "set INTERLOCK_KEY_FILE, or write interlock --key-file FILE COMMAND … "
            "(in a program: key=…)"
        )
        raise KeyRequired(message)
    data = base64.b64decode(found.sealed)
    return found.cipher, cipher.decrypt(f"{place}{found.prev}".encode(), data)


def link_of(state: bytes) -> str:
    """The digest of the event before one that is encrypted; its key is not needed.

    Raises:
        ValueError: it was altered.
    """
    return _decoder.decode(state).prev


_known: dict[str, Cipher] = {}


def know(cipher: Cipher) -> Cipher:
    """Let this process read what a key encrypted, wherever it meets it (exports, archives)."""
    return _known.setdefault(cipher.id, cipher)


def forget_all() -> None:
    """Know no key any more, as a process that was given none."""
    _known.clear()


def known(cipher: str) -> Cipher:
    """The key of this id.

    Raises:
        KeyRequired: it was not given to this process.
    """
    try:
        return _known[cipher]
    except KeyError:
        message = f"the key {cipher} was not given to this process"
        raise KeyRequired(message) from None


def cipher_of(key: str | bytes | None) -> Cipher | None:
    """A key as given: 32 bytes, their base64 or hex; None for what the environment says.

    That is `INTERLOCK_KEY`, or the file that `INTERLOCK_KEY_FILE` names. "" is no key at all.

    Raises:
        BadKey: it is none of these.
    """
    if key is None:
        key = os.environ.get("INTERLOCK_KEY", "")
        file = os.environ.get("INTERLOCK_KEY_FILE", "")
        if not key and file:
            key = read_key(Path(file))
    if not key:
        return None
    return know(Cipher(bytes_of(key)))


def read_key(file: Path) -> bytes:
    """The key that a file holds.

    Raises:
        BadKey: it cannot be read, or holds none.
    """
    try:
        held = file.read_bytes()
    except OSError as error:
        message = f"the key file {file} cannot be read: {error.strerror}"
        raise BadKey(message) from error
    return held if len(held) == LENGTH else bytes_of(held.decode("utf-8", "replace").strip())


def new_key() -> str:
    """A new key, as text."""
    return base64.b64encode(secrets.token_bytes(LENGTH)).decode("ascii")


def bytes_of(key: str | bytes) -> bytes:
    """The 32 bytes of a key.

    Raises:
        BadKey: it is none.
    """
    if isinstance(key, bytes):
        found = key
    else:
        try:
            found = bytes.fromhex(key) if len(key) == 2 * LENGTH else _from_base64(key)
        except (ValueError, binascii.Error):
            found = b""
    if len(found) != LENGTH:
        message = "a key is 32 bytes, or their base64 or hex; `interlock key FILE` makes one"
        raise BadKey(message)
    return found


def _from_base64(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)


def aes(key: bytes) -> AESGCM:
    """AES-GCM by a key.

    Raises:
        KeyStoreError: the package `cryptography` is not installed.
    """
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as error:
        message = "encryption needs the package cryptography: pip install 'interlock[crypto]'"
        raise KeyStoreError(message) from error
    return AESGCM(key)
