"""Reading an archive back: all of it, to check it, or one tree of runs."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import msgspec

from interlock.store.archive.form import (
    FORM,
    Begun,
    Defined,
    End,
    Line,
    Opening,
    Stored,
    SumOfDigests,
    follow,
    read_line,
    row_of,
    sum_of_row,
)
from interlock.store.archive.writing import Index, Part, index_of
from interlock.store.contract import Entry, Head
from interlock.store.envelope import decode
from interlock.store.errors import BadArchive
from interlock.store.inspection import Raw
from interlock.store.retention import Moved


class Hash(Protocol):
    """What sums the lines up."""

    def update(self, data: bytes, /) -> None:
        """Take some more."""
        ...

    def hexdigest(self) -> str:
        """The digest of all so far."""
        ...


class ArchivedRun:
    """A run as it stands in an archive.

    Attributes:
        entry: its row in the index, as it was.
        rows: its events, as they were stored; none if only the check was wanted.
        count: how many there are.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.rows: list[Raw] = []
        self.count = 0
        self._last = Head()
        self._sum = SumOfDigests()

    def add(self, row: Raw, *, keep: bool) -> None:
        """One more event.

        Raises:
            BrokenChain: it does not follow from the one before it.
        """
        event = decode(*row)
        self._last = follow(self._last, event)
        self._sum.add(row.position, event.digest)
        self.count += 1
        if keep:
            self.rows.append(row)

    @property
    def moved(self) -> Moved:
        """Its head, and the sum of its digests."""
        last = self._last
        return Moved(self.entry.run, last.version, last.digest, self._sum.hex())

    @property
    def row(self) -> str:
        """The digest of its row in the index."""
        return sum_of_row(self.entry, self._last)


class Archive:
    """A file of archived runs.

    Attributes:
        path: of the file.
        log: identity of the log that it was made from.
        read: run and version of the last event that `runs` has read, and found to follow.
    """

    def __init__(self, path: Path) -> None:
        """Look at a file.

        Raises:
            BadArchive: it cannot be read, or is no archive that this program knows.
        """
        self.path = path
        with self._opened() as lines:
            first = next(self._lines(lines), None)
        if not isinstance(first, Opening):
            message = f"{path} is no archive of runs"
            raise BadArchive(message)
        if first.form > FORM:
            message = f"{path} is of form {first.form}; this Interlock reads {FORM}: upgrade it"
            raise BadArchive(message)
        self.log = first.log
        self.read = ("", 0)

    def runs(self, *, keep: bool = True) -> Iterator[ArchivedRun]:
        """All runs, each of them checked, and at the end the file as a whole.

        Args:
            keep: False leaves out the events, and only checks them.

        Raises:
            BadArchive: a line, a sum or the end is wrong.
            BrokenChain: an event does not follow from the one before it.
        """
        count = events = 0
        with self._opened() as lines:
            for found in self._gathered(self._lines(lines, sha256()), keep=keep):
                if isinstance(found, End):
                    if (found.runs, found.events) == (count, events):
                        return
                    message = f"{self.path} does not hold what its end says"
                    raise BadArchive(message)
                count, events = count + 1, events + found.count
                yield found
        message = f"{self.path} has no end: it was cut off"
        raise BadArchive(message)

    def event(self, run: str, version: int) -> Raw | None:
        """One event as it was stored, encrypted or not; whoever asks checks its digest.

        Raises:
            BadArchive: as `runs`.
        """
        part = self._part(run)
        with self._opened() if part is None else self._opened_at(part) as lines:
            for said in self._lines(lines):
                if isinstance(said, Stored) and (said.stream, said.version) == (run, version):
                    return row_of(said)
        return None

    def tree(self, run: str) -> list[ArchivedRun]:
        """A run with those that were archived together with it.

        Raises:
            BadArchive: it is not here; as `runs`.
            BrokenChain: as `runs`.
        """
        part = self._part(run)
        if part is None:
            return self._tree_of(run)
        with self._opened_at(part) as lines:
            gathered = self._gathered(self._lines(lines), keep=True)
            found = [one for one in gathered if isinstance(one, ArchivedRun)]
        if [one.entry.run for one in found] != part.runs:
            message = f"{index_of(self.path)} is not the index of {self.path}"
            raise BadArchive(message)
        return found

    def _tree_of(self, run: str) -> list[ArchivedRun]:
        """The same without the index, by reading everything."""
        every = {one.entry.run: one for one in self.runs()}
        if run not in every:
            message = f"{self.path} does not hold run {run!r}"
            raise BadArchive(message)
        root = run
        while (parent := every[root].entry.parent) in every:
            root = parent
        found = [every[root]]
        for above in found:  # it grows
            found += [one for one in every.values() if one.entry.parent == above.entry.run]
        return found

    def _part(self, run: str) -> Part | None:
        """Where a run is, by the index; None where that does not say."""
        try:
            index = msgspec.json.decode(index_of(self.path).read_bytes(), type=Index)
        except (OSError, msgspec.DecodeError):
            return None
        return next((part for part in index.parts if run in part.runs), None)

    def _opened_at(self, part: Part) -> gzip.GzipFile:
        with self.path.open("rb") as file:
            file.seek(part.offset)
            return gzip.GzipFile(fileobj=io.BytesIO(file.read(part.length)))

    def _opened(self) -> gzip.GzipFile:
        try:
            return gzip.open(self.path, "rb")
        except FileNotFoundError as error:
            message = (
                f"{self.path} is not there; if archives were moved, say where they are now "
                "(--from FOLDER; in a program: folder=…)"
            )
            raise BadArchive(message) from error
        except OSError as error:
            message = f"cannot read {self.path}: {error.strerror}"
            raise BadArchive(message) from error

    def _lines(self, file: Iterable[bytes], summed: Hash | None = None) -> Iterator[Line]:
        """The lines, each as what it says; the last one is checked against `summed`."""
        try:
            for text in file:
                said = read_line(text, str(self.path))
                if isinstance(said, End) and summed is not None and said.sum != summed.hexdigest():
                    message = f"{self.path} was altered or is damaged: it has another digest"
                    raise BadArchive(message)
                if summed is not None:
                    summed.update(text)
                yield said
        except (OSError, EOFError, zlib.error) as error:
            message = f"{self.path} was altered or is damaged: {error}"
            raise BadArchive(message) from error

    def _gathered(self, lines: Iterator[Line], *, keep: bool) -> Iterator[ArchivedRun | End]:
        run: ArchivedRun | None = None
        for said in lines:
            if isinstance(said, Stored):
                row = row_of(said)
                if run is None or row.stream != run.entry.run:
                    message = f"{self.path} has an event of {row.stream!r} among those of others"
                    raise BadArchive(message)
                run.add(row, keep=keep)
                self.read = (row.stream, row.version)
            elif not isinstance(said, Defined):
                if run is not None:
                    yield run
                run = ArchivedRun(said.entry) if isinstance(said, Begun) else None
                if isinstance(said, End):
                    yield said
        if run is not None:
            yield run
