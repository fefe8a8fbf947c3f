"""Writing an archive: one file, a part for each tree of runs, and an index of the parts."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO

import msgspec

from interlock.store.archive.choosing import Unit
from interlock.store.archive.folder import flush, part_in
from interlock.store.archive.form import (
    FORM,
    Begun,
    Defined,
    End,
    Opening,
    SumOfDigests,
    follow,
    line,
    stored,
    sum_of_row,
)
from interlock.store.contract import Entry, Head
from interlock.store.envelope import decode
from interlock.store.event import Event
from interlock.store.forking import ForkMade
from interlock.store.inspection import Inspection
from interlock.store.retention import Moved

EVENTS, RUNS = 20_000, 500
"""A file takes no further run once it has so many events, or runs."""

_LEVEL = 6
"""Of compression: beyond it takes much longer and gives little."""


class Part(msgspec.Struct, frozen=True):
    """Where in the file a tree of runs is: bytes from `offset` on, compressed by themselves."""

    offset: int
    length: int
    runs: list[str]


class Index(msgspec.Struct, frozen=True):
    """What stands beside an archive, so that one run is found without reading all of it.

    Attributes:
        file: name of the archive.
        sha256: of the archive (hex).
        parts: its trees of runs.
    """

    file: str
    sha256: str
    parts: list[Part]


class Written(msgspec.Struct, frozen=True):
    """A file that was written and can be read back.

    Attributes:
        path: of the file.
        sha256: of the file (hex).
        sum: of its lines (hex).
        events: how many there are.
        runs: what was written of each run.
        rows: the digests of their rows in the index.
    """

    path: Path
    sha256: str
    sum: str
    events: int
    runs: list[Moved]
    rows: dict[str, str]


class _Needed(Exception):
    """A run that goes on is a fork of this one, and may be answered by what it recorded."""


def is_needed(event: Event, unfinished: frozenset[str]) -> bool:
    """Whether an event says that a run that goes on is a fork of its own run."""
    return isinstance(event.body, ForkMade) and event.body.fork in unfinished


class Writer:
    """Writes one file. Its name says what is in it: the same runs again are the same file.

    Attributes:
        taken: the trees that were looked at, also those that a fork of theirs still needs.
    """

    def __init__(self, folder: Path, store: Inspection, unfinished: frozenset[str]) -> None:
        self._folder = folder
        self._store = store
        self._unfinished = unfinished
        self._sum = sha256()
        self._moved: list[Moved] = []
        self._rows: dict[str, str] = {}
        self._parts: list[Part] = []
        self._events = 0
        self.taken: list[Unit] = []

    def write(self, units: Iterable[Unit]) -> Written | None:
        """Take trees of runs until the file is full; None when none was taken.

        Raises:
            BrokenChain: a run was altered or is damaged.
            OSError: the file cannot be written.
        """
        part = part_in(self._folder)
        try:
            with part.open("wb") as out:
                self._put(out, self._opening())
                for unit in units:
                    self._unit(out, unit)
                    if self._events >= EVENTS or len(self._moved) >= RUNS:
                        break
                digest = self._sum.hexdigest()
                self._put(out, [line(End(len(self._moved), self._events, digest))])
                out.flush()
                os.fsync(out.fileno())
            return self._named(part, digest) if self._moved else None
        finally:
            part.unlink(missing_ok=True)

    def _opening(self) -> list[bytes]:
        found = (Defined(d.hash, d.name, d.ir, d.source) for d in self._store.definitions())
        return [line(Opening(FORM, self._store.log)), *map(line, found)]

    def _unit(self, out: IO[bytes], unit: Unit) -> None:
        """Add a tree of runs, or nothing of it."""
        self.taken.append(unit)
        offset, before = out.tell(), (self._sum.copy(), len(self._moved), self._events)
        try:
            self._put(out, (text for entry in unit.entries for text in self._run(entry)))
        except _Needed:
            out.truncate(offset)
            out.seek(offset)
            self._sum, count, self._events = before
            for dropped in self._moved[count:]:
                del self._rows[dropped.run]
            del self._moved[count:]
        else:
            runs = [entry.run for entry in unit.entries]
            self._parts.append(Part(offset, out.tell() - offset, runs))

    def _put(self, out: IO[bytes], lines: Iterable[bytes]) -> None:
        """Write a part of the file that can be decompressed by itself."""
        with gzip.GzipFile(
            filename="", mode="wb", fileobj=out, compresslevel=_LEVEL, mtime=0
        ) as to:
            for text in lines:
                to.write(text)
                self._sum.update(text)

    def _run(self, entry: Entry) -> Iterator[bytes]:
        """The lines of a run, whose chain is checked as they are written."""
        yield line(Begun(entry))
        last, found = Head(), SumOfDigests()
        for raw in self._store.rows(entry.run):
            event = decode(*raw)
            if is_needed(event, self._unfinished):
                raise _Needed
            last = follow(last, event)
            found.add(raw.position, event.digest)
            self._events += 1
            yield line(stored(raw))
        self._moved.append(Moved(entry.run, last.version, last.digest, found.hex()))
        self._rows[entry.run] = sum_of_row(entry, last)

    def _named(self, part: Path, digest: str) -> Written:
        whole = sha256()
        with part.open("rb") as file:
            while block := file.read(2**20):
                whole.update(block)
        path = self._folder / f"runs-{digest[:16]}.jsonl.gz"
        index = Index(path.name, whole.hexdigest(), self._parts)
        part.replace(path)
        _replace(index_of(path), msgspec.json.encode(index))
        flush(self._folder)
        return Written(path, index.sha256, digest, self._events, self._moved, self._rows)


def index_of(path: Path) -> Path:
    """The file that says where in an archive each run is."""
    return path.with_name(path.name.removesuffix(".jsonl.gz") + ".index.json")


def _replace(path: Path, content: bytes) -> None:
    part = part_in(path.parent)
    with part.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
