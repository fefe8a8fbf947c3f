"""One event of an archived run, from the archive, held against what the log kept of it."""

from __future__ import annotations

from pathlib import Path

from interlock.store.archive.reading import Archive
from interlock.store.digest import digest_of
from interlock.store.errors import BadArchive
from interlock.store.inspection import Inspection, Raw


def archived_event(
    snapshot: Inspection, stream: str, version: int, folder: Path | None = None
) -> Raw | None:
    """The event as it is stored in an archive; None when none of this version was archived.

    Args:
        folder: where archives are now, if they were moved since.

    Raises:
        BadArchive: the archive is not there, was altered, or does not hold this very event.
    """
    kept = next((one for one in snapshot.archived(stream) if one.version == version), None)
    indexed = next((one for one in snapshot.entries() if one.run == stream), None)
    if kept is None or indexed is None or indexed.entry is None or not indexed.entry.archive:
        return None
    path = place_of(indexed.entry.archive, folder)
    raw = Archive(path).event(stream, version)
    if raw is not None and (raw.position, digest_of(*raw[:4])) == (kept.position, kept.digest):
        return raw
    message = f"{path} does not hold event {version} of {stream!r} as it was archived"
    raise BadArchive(message)


def place_of(file: str, folder: Path | None) -> Path:
    """Where an archive is: in a folder, if one is named, else where it was written."""
    path = Path(file)
    return path if folder is None else folder / path.name
