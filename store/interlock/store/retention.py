"""The vocabulary of the stream `$archive`: which runs were moved where, and which came back."""

from __future__ import annotations

import msgspec

from interlock.store.event import Body

ARCHIVE = "$archive"
"""The stream in which it is recorded."""


class Moved(msgspec.Struct, gc=False, frozen=True, array_like=True):
    """A run that was moved to an archive.

    Attributes:
        run: its id.
        version, digest: of its last event.
        sum: over the positions and digests of all its events; see `sum_of_digests`.
    """

    run: str
    version: int
    digest: str
    sum: str


class RunsArchived(Body, frozen=True):
    """The events of these runs are in a file, which was read back before they went.

    Attributes:
        file: where it was written.
        sha256: of the whole file (hex).
        events: how many there are in it.
        runs: the runs.
        rows: by run, the digest of its row in the index; see `sum_of_row`. Older releases left
            them out.
    """

    file: str
    sha256: str
    events: int
    runs: list[Moved]
    rows: dict[str, str] = {}  # noqa: RUF012  msgspec copies it


class RunsRestored(Body, frozen=True):
    """The events of these runs are back, at their old positions.

    Attributes:
        file: they were read from.
        runs: ids of the runs.
    """

    file: str
    runs: list[str]
