"""Archived runs: what the log itself says about them, against what is left of them."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import file_digest
from pathlib import Path

from interlock.audit.archived_event import place_of
from interlock.audit.finding import Findings
from interlock.store.archive.form import SumOfDigests, sum_of_row
from interlock.store.archive.reading import Archive, ArchivedRun
from interlock.store.digest import digest_of
from interlock.store.envelope import decode
from interlock.store.errors import BadArchive, StoreError
from interlock.store.inspection import Indexed, Inspection, Raw
from interlock.store.retention import ARCHIVE, Moved, RunsArchived, RunsRestored
from interlock.store.secrecy import KeyRequired


class Archives:
    """The runs that are in archives, as the stream of archives says.

    Attributes:
        locked: that stream is encrypted by a key that is not at hand; the index says which runs.
    """

    def __init__(self, snapshot: Inspection, findings: Findings, only: str = "") -> None:
        self._snapshot = snapshot
        self._findings = findings
        self._only = only
        self._runs: dict[str, tuple[str, Moved]] = {}
        self._told: dict[str, str] = {}  # the digests of rows of the index, by run
        self._rows: dict[str, Indexed] = {}  # of the index, those that no digest vouched for yet
        self._seen: set[str] = set()
        self._sums: dict[str, str] = {}  # of the files, as they were recorded last
        self.locked = False
        for raw in snapshot.rows(ARCHIVE):
            try:
                body = decode(*raw).body
            except KeyRequired:
                self.locked = True
                continue
            except (StoreError, TypeError, ValueError, KeyError):
                continue  # its own chain is looked at with the others
            if isinstance(body, RunsArchived):
                self._sums[body.file] = body.sha256
                self._runs.update({one.run: (body.file, one) for one in body.runs})
                self._told.update({one.run: body.rows.get(one.run, "") for one in body.runs})
            elif isinstance(body, RunsRestored):
                for run in body.runs:
                    self._runs.pop(run, None)

        if only:
            self._runs = {run: known for run, known in self._runs.items() if run == only}

    def __contains__(self, run: str) -> bool:
        return run in self._runs

    def check_locked(self, indexed: Indexed) -> None:
        """Hold what is left of a run that the index calls archived against its row alone."""
        version, digest = 0, ""
        for one in self._snapshot.archived(indexed.run):
            if one.version != version + 1:
                break
            version, digest = one.version, one.digest
        head = indexed.head
        if head is None or (head.version, head.digest) != (version, digest):
            self._findings.add(
                f"the digests of archived run {indexed.run!r} do not end as the index says",
                indexed.run,
                version,
            )

    def check(self, run: str, indexed: Indexed | None, rows: Iterable[Raw] = ()) -> int:
        """Hold what is left of an archived run against what was recorded; how many rows it has.

        Its first events may have left the log, and the others be there yet.
        """
        file, moved = self._runs[run]
        self._seen.add(run)
        found, version, digest, count = SumOfDigests(), 0, "", 0
        counted = True
        for one in self._snapshot.archived(run):
            counted = counted and one.version == version + 1
            version, digest = one.version, one.digest
            found.add(one.position, digest)
        for raw in rows:
            count += 1
            if raw.version > version:
                version, digest = raw.version, _digest(raw)
                found.add(raw.position, digest)
        if not counted or (version, digest, found.hex()) != (
            moved.version,
            moved.digest,
            moved.sum,
        ):
            self._findings.add(
                f"the digests of {run!r}, which was archived to {file}, are not those that were"
                " recorded",
                run,
                version,
            )
        head = None if indexed is None else indexed.head
        if head is None or (head.version, head.digest) != (moved.version, moved.digest):
            self._findings.add(f"the index says that archived run {run!r} ends elsewhere", run)
        entry = None if indexed is None else indexed.entry
        if entry is None or entry.archive != file:
            self._findings.add(f"the index does not say that {run!r} was archived to {file}", run)
        elif indexed is not None and not self._told[run]:
            self._rows[run] = indexed
        elif indexed is not None and _sum_of_row(indexed) != self._told[run]:
            self._other_row(run)
        return count

    def _other_row(self, run: str) -> None:
        self._findings.add(f"the index row of {run!r} is not the one that was archived", run)

    def check_files(self, folder: Path | None = None) -> int:
        """Hold the archives that are where they were written against what was recorded.

        Args:
            folder: where they may be now; first it is looked there.

        Returns:
            how many of the files are elsewhere by now.
        """
        for name in self._runs.keys() - self._seen:
            self._findings.add(f"archived run {name!r} has no row in the index", name)
        files = dict.fromkeys(file for file, _ in self._runs.values())
        there = [(file, path) for file in files if (path := find(file, folder)) is not None]
        for file, path in there:
            self._check_file(file, path)
        return len(files) - len(there)

    def _check_file(self, file: str, path: Path) -> None:
        read = ("", 0)
        try:
            archive = Archive(path)
            try:
                runs = archive.tree(self._only) if self._only else archive.runs(keep=False)
                for archived in runs:
                    self._check_archived(file, archived)
            finally:
                read = archive.read
            if not self._only and _sum_of(path) != self._sums[file]:
                message = f"{path} has another SHA-256 than was recorded"
                raise BadArchive(message)
        except StoreError as error:
            run, version = self._after(file, *read)
            what = f"event {version} of {run!r} cannot be read from its archive"
            if not version:
                what = "an archive has all events, and is not what was written"
            self._findings.add(f"{what}: {error.message}", run, version)

    def _after(self, file: str, run: str, version: int) -> tuple[str, int]:
        """The event that comes after another one in an archive, by what was recorded; or none."""
        runs = [moved for where, moved in self._runs.values() if where == file]
        for at, moved in enumerate(runs):
            if moved.run == run and version < moved.version:
                return run, version + 1
            if moved.run == run:
                return (runs[at + 1].run, 1) if at + 1 < len(runs) else ("", 0)
        return runs[0].run, 1

    def _check_archived(self, file: str, run: ArchivedRun) -> None:
        name = run.entry.run
        where, moved = self._runs.get(name, ("", None))
        if where != file:
            return  # it was restored
        if run.moved != moved or self._told[name] not in ("", run.row):
            self._findings.add(f"{name!r} is not in {file} as it was recorded", name)
        row = self._rows.get(name)
        if row is not None and _sum_of_row(row) != run.row:
            self._other_row(name)


def _sum_of_row(indexed: Indexed) -> str:
    """The digest of a row of the index, "" of one that cannot be read."""
    if indexed.entry is None or indexed.head is None:
        return ""
    try:
        return sum_of_row(indexed.entry, indexed.head)
    except (TypeError, ValueError):
        return ""


def _sum_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise BadArchive(message) from error


def find(file: str, folder: Path | None) -> Path | None:
    """Where an archive is, None when it is in neither place."""
    places = (place_of(file, folder), Path(file))
    return next((path for path in places if path.is_file()), None)


def _digest(raw: Raw) -> str:
    try:
        return digest_of(raw.stream, raw.version, raw.topic, raw.state)
    except (TypeError, UnicodeEncodeError):
        return ""
