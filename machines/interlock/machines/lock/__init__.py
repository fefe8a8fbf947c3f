"""`interlock.lock`: the reviewable text of every machine, and what has changed since.

The file is TOML, a line for each state and transition. It is read by the standard library; it is
written here, because a table a line, in the order of the source, is what a diff wants, and the
three kinds of values in it (text, lists, tables of them) are less than a library's options.
"""

from interlock.machines.lock.contents import Lock, Locked, locked
from interlock.machines.lock.differing import Change, changes
from interlock.machines.lock.reading import read_lock
from interlock.machines.lock.writing import lock_text

__all__ = ["Change", "Lock", "Locked", "changes", "lock_text", "locked", "read_lock"]
