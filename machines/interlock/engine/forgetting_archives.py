"""What archives hold of a subject: they are read where they are, and stay as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from interlock.projections import fold
from interlock.projections.personal import mentions, variables_of
from interlock.store.archive import Archive, ArchivedRun
from interlock.store.contract import Entry
from interlock.store.envelope import decode
from interlock.store.errors import StoreError


@dataclass(frozen=True, slots=True)
class Held:
    """What a run (or one of Interlock's own streams) holds of a subject.

    Attributes:
        run: its id.
        machine, status: as in the index.
        events: versions of the events that hold something, in order.
        variables: those that do now.
        archive: the file that its events are in, "" for one in the database.
    """

    run: str
    machine: str
    status: str
    events: tuple[int, ...]
    variables: tuple[str, ...]
    archive: str = ""


@dataclass(slots=True)
class Looked:
    """What was found in archives.

    Attributes:
        held: of each run that holds something, what.
        missed: how many runs are in archives that could not be looked into.
        wrong: of each of those archives, why not.
    """

    held: list[Held] = field(default_factory=list[Held])
    missed: int = 0
    wrong: list[str] = field(default_factory=list[str])


def look_into(archived: Iterable[Entry], subject: str, folder: Path | None) -> Looked:
    """Search the archives of some runs.

    Args:
        archived: rows of archived runs.
        folder: where archives are now, if they were moved since.
    """
    files: defaultdict[str, dict[str, Entry]] = defaultdict(dict)
    for entry in archived:
        files[entry.archive][entry.run] = entry
    looked = Looked()
    for file, runs in files.items():
        path = Path(file) if folder is None else folder / Path(file).name
        try:
            looked.held += [*_held(Archive(path).runs(), runs, subject, str(path))]
        except StoreError as error:
            looked.wrong.append(error.message)
            looked.missed += len(runs)
    return looked


def _held(
    found: Iterable[ArchivedRun], runs: Mapping[str, Entry], subject: str, file: str
) -> Iterator[Held]:
    for one in found:
        entry = runs.get(one.entry.run)
        if entry is None:
            continue  # it was restored
        events = [decode(*row) for row in one.rows]
        versions = tuple(event.version for event in events if mentions(event, subject))
        if versions:
            variables = tuple(variables_of(fold(events), subject))
            yield Held(entry.run, entry.machine, entry.status, versions, variables, file)
