"""Ed25519 keys (RFC 8032) for seals, kept as PEM files. They need `interlock[crypto]`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from interlock.audit.errors import NoKey

_CONTEXT = b"interlock seal 1\n"
"""Stands before what is signed, so that a signature means nothing elsewhere."""


class Signer:
    """A private key.

    Attributes:
        public: the public key, hex.
    """

    def __init__(self, key: Any) -> None:
        self._key = key
        self.public: str = key.public_key().public_bytes_raw().hex()

    def sign(self, said: bytes) -> str:
        """The signature, hex."""
        return bytes(self._key.sign(_CONTEXT + said)).hex()


def new_key(path: Path) -> str:
    """Make a key: a file that only its owner can read, and `PATH.pub` beside it.

    Returns:
        The public key, hex.

    Raises:
        NoKey: a file is there already, or cannot be written.
    """
    _, serialization = _library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    beside = path.with_name(path.name + ".pub")
    for file, text, mode in ((path, private, 0o600), (beside, public, 0o644)):
        try:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
                out.write(text)
        except FileExistsError as error:
            message = f"{file} is there already; name another file"
            raise NoKey(message) from error
        except OSError as error:
            message = f"{file} cannot be written: {error.strerror}"
            raise NoKey(message) from error
    return str(key.public_key().public_bytes_raw().hex())


def read_signer(path: Path) -> Signer:
    """The private key of a file.

    Raises:
        NoKey: it cannot be read, or holds no Ed25519 key.
    """
    ed25519, serialization = _library()

    def load(raw: bytes) -> Any:
        return serialization.load_pem_private_key(raw, password=None)

    key = _load(path, load)
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        message = f"{path} holds no private Ed25519 key; `interlock seal --new-key` makes one"
        raise NoKey(message)
    return Signer(key)


def read_public(path: Path) -> str:
    """The public key (hex) of a file that holds it, or its private key.

    Raises:
        NoKey: as `read_signer`.
    """
    ed25519, serialization = _library()
    if b"PRIVATE" in _read(path):
        return read_signer(path).public
    key = _load(path, serialization.load_pem_public_key)
    if not isinstance(key, ed25519.Ed25519PublicKey):
        message = f"{path} holds no public Ed25519 key"
        raise NoKey(message)
    return str(key.public_bytes_raw().hex())


def is_signed(said: bytes, signature: str, public: str) -> bool:
    """Whether a signature is of this key.

    Raises:
        NoKey: `cryptography` is not installed.
    """
    ed25519, _ = _library()
    from cryptography.exceptions import InvalidSignature

    try:
        key = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), _CONTEXT + said)
    except (InvalidSignature, ValueError):
        return False
    return True


def _library() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        message = "signatures need cryptography: pip install 'interlock[crypto]'"
        raise NoKey(message) from error
    return ed25519, serialization


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise NoKey(message) from error


def _load(path: Path, load: Any) -> Any:
    raw = _read(path)
    try:
        return load(raw)
    except (ValueError, TypeError) as error:
        message = f"{path} holds no key that can be read: {error}"
        raise NoKey(message) from error
