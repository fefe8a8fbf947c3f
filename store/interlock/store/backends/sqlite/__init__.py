"""The SQLite backend: one file, many readers, group commit by one writer in each process."""

from interlock.store.backends.sqlite.store import SQLiteStore

__all__ = ["SQLiteStore"]
