"""Opening a store by its URL."""

from __future__ import annotations

from urllib.parse import unquote

from interlock.store.clock import Clock
from interlock.store.contract import Store
from interlock.store.errors import BadStoreUrl

KNOWN = "sqlite:///relative.db, sqlite:////absolute.db, memory://"
"""The forms of URL that name a backend."""


def open_store(
    url: str,
    *,
    clock: Clock | None = None,
    readonly: bool = False,
    key: str | bytes | None = None,
    keyless: bool = False,
) -> Store:
    """Open (and create, when it does not exist) the store that a URL names.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute.db` or `memory://`.
        clock: dates the ids of events; the machine's clock by default.
        readonly: never write, not even to create the file.
        key: of an encrypted store, or of one that is now made: 32 bytes, or their base64 or hex;
            None for what INTERLOCK_KEY (or the file INTERLOCK_KEY_FILE) says, "" for none.
        keyless: an encrypted store may be opened without its key, to look at what is not encrypted.

    Raises:
        BadStoreUrl: the URL names no known backend.
        NotADatabase: the file is something else than an SQLite database, or is damaged.
        NewerSchema: a newer Interlock wrote it.
        StoreReadOnly: the file or its folder cannot be written, and `readonly` was not asked for.
        StoreBusy: another process kept the file locked.
        StoreError: the folder (or, for `readonly`, the file) does not exist.
        KeyRequired, WrongKey, NotEncrypted, BadKey: the key is not that of the store.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "memory" and not rest:
        from interlock.store.backends.memory import MemoryStore

        return MemoryStore(url, clock=clock, key=key)
    if separator and scheme == "sqlite":
        if not rest.startswith("/") or rest == "/":
            message = f"{url!r} names no file: write {KNOWN}"
            raise BadStoreUrl(message)
        from interlock.store.backends.sqlite import SQLiteStore

        return SQLiteStore(
            unquote(rest[1:]), url=url, clock=clock, readonly=readonly, key=key, keyless=keyless
        )
    if scheme in {"postgresql", "postgres"}:
        message = f"{url!r}: PostgreSQL comes later; until then use {KNOWN}"
        raise BadStoreUrl(message)
    message = f"{url!r} names no store; known are {KNOWN}"
    raise BadStoreUrl(message)
