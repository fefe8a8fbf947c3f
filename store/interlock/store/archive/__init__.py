"""Archives: finished runs in files, verified before their rows leave the log, and back again."""

from interlock.store.archive.choosing import Choice, Unit, archivable
from interlock.store.archive.moving import Archived, Preview, archive, finish, preview
from interlock.store.archive.reading import Archive, ArchivedRun
from interlock.store.archive.restoring import Restored, Telling, restore
from interlock.store.retention import ARCHIVE, Moved, RunsArchived, RunsRestored

__all__ = [
    "ARCHIVE",
    "Archive",
    "Archived",
    "ArchivedRun",
    "Choice",
    "Moved",
    "Preview",
    "Restored",
    "RunsArchived",
    "RunsRestored",
    "Telling",
    "Unit",
    "archivable",
    "archive",
    "finish",
    "preview",
    "restore",
]
