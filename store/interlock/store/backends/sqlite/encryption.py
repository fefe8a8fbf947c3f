"""A file that is encrypted: which key it wants, and its snapshots."""

from __future__ import annotations

import sqlite3

from msgspec.structs import replace

from interlock.store.cipher import Cipher, known, unseal
from interlock.store.digest import place_of
from interlock.store.secrecy import KeyRequired, NotEncrypted, WrongKey
from interlock.store.snapshot import Snapshot

META = "cipher"
"""What the id of its key stands under, in an encrypted file."""


def check_cipher(
    connection: sqlite3.Connection, path: str, cipher: str, *, keyless: bool = False
) -> None:
    """Compare the key that was given (by its id, "" for none) with the one that a file wants.

    Args:
        keyless: no key is needed: only what is not encrypted is looked at.

    Raises:
        KeyRequired, WrongKey, NotEncrypted: as they say.
    """
    row = connection.execute("SELECT value FROM interlock_meta WHERE key = ?", (META,)).fetchone()
    wanted = "" if row is None else str(row[0])
    if wanted == cipher or (keyless and not cipher):
        return
    if not wanted:
        message = (
            f"{path} is not encrypted, and a key was given: open it without one (is INTERLOCK_KEY "
            "set?). To encrypt it, import its runs into a new store"
        )
        raise NotEncrypted(message)
    if not cipher:
        message = (
            f"{path} is encrypted: set INTERLOCK_KEY_FILE, or write "
            "interlock --key-file FILE COMMAND … (in a program: key=…)"
        )
        raise KeyRequired(message)
    message = f"{path} is encrypted with the key {wanted}; given was {cipher}"
    raise WrongKey(message)


def _place(snapshot: Snapshot) -> bytes:
    return f"snapshot:{snapshot.version}:{snapshot.digest}:{snapshot.fold}".encode()


def sealed(cipher: Cipher, snapshot: Snapshot) -> Snapshot:
    """A snapshot as it is stored."""
    return replace(snapshot, state=cipher.encrypt(_place(snapshot), snapshot.state))


def opened(cipher: Cipher, snapshot: Snapshot) -> Snapshot | None:
    """The snapshot again; None when it was altered."""
    try:
        return replace(snapshot, state=cipher.decrypt(_place(snapshot), snapshot.state))
    except ValueError:
        return None


def plain_pair(snapshot: Snapshot, topic: str, event: bytes) -> tuple[bytes, bytes]:
    """What an encrypted snapshot and the event that it is of hold.

    Raises:
        KeyRequired: their key was not given to this process.
        ValueError: one of them was altered.
    """
    name, text = unseal(place_of(snapshot.run, snapshot.version, topic), event)
    return known(name).decrypt(_place(snapshot), snapshot.state), text
