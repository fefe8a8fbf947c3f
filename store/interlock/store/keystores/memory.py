"""Keys in memory, for stores in memory."""

from __future__ import annotations

import secrets
import threading

from interlock.store.keystore import SubjectKey, new_key


class MemoryKeys:
    """Keys that are gone when this object is. See `interlock.store.keystore.KeyStore`."""

    def __init__(self) -> None:
        self._id = ""
        self._keys: dict[str, SubjectKey] = {}
        self._lock = threading.Lock()

    def identity(self) -> str:
        """Its id, "" before its first key."""
        return self._id

    def get(self, key: str) -> SubjectKey | None:
        """The key of this id."""
        return next((known for known in self._keys.values() if known.id == key), None)

    def find(self, subject: str) -> SubjectKey | None:
        """The key of a subject."""
        return self._keys.get(subject)

    def create(self, subject: str) -> SubjectKey:
        """The key of a subject, made now if it never had one."""
        with self._lock:
            self._id = self._id or secrets.token_hex(8)
            found = self._keys.get(subject)
            if found is None:
                found = self._keys[subject] = new_key(subject)
            return found

    def destroy(self, subject: str) -> SubjectKey:
        """Destroy a subject's key."""
        with self._lock:
            self._id = self._id or secrets.token_hex(8)
            found = self._keys.get(subject)
            gone = SubjectKey(subject, found.id if found else "", None)
            self._keys[subject] = gone
            return gone

    def close(self) -> None:
        """Nothing is held open."""
