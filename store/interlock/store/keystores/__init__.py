"""The key stores that come with Interlock."""

from interlock.store.keystores.memory import MemoryKeys
from interlock.store.keystores.sqlite import SQLiteKeys

__all__ = ["MemoryKeys", "SQLiteKeys"]
