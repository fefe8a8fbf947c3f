"""Errors of testing (ILK310 to ILK339)."""

from __future__ import annotations

from interlock.store.errors import InterlockError


class HarnessError(InterlockError):
    """A test asks its harness for something that cannot be."""

    code = "ILK320"


class NotScripted(HarnessError):
    """A call of a step for which the script holds no outcome."""

    code = "ILK321"


class NothingMore(HarnessError):
    """What a test waits for never comes, however much time passes."""

    code = "ILK322"


class StillRunning(HarnessError):
    """A call that is made for real does not return, so that time cannot go on."""

    code = "ILK323"
