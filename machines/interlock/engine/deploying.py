"""What a deploy would do to the runs in flight: asked before, answered by what the engine asks."""

from __future__ import annotations

import asyncio
import importlib
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Literal, TypeAlias

from interlock.engine.changing import Outlook, outlook
from interlock.engine.complete import checked_migrations
from interlock.engine.looking import programs_of
from interlock.engine.past_values import past_of
from interlock.engine.programs import Programs
from interlock.engine.undoable_children import undoable_children
from interlock.machines.advice import author_name, is_past, mend, migration, needed, unreadable
from interlock.machines.compare import GoesOn, NeedsMapping
from interlock.machines.modules import defined_in
from interlock.projections import load_state
from interlock.store.contract import Entry, Filter, Store
from interlock.store.errors import InterlockError
from interlock.store.keystore import KeyStore

Fate: TypeAlias = Literal[
    "unchanged", "goes on", "migrated", "stays",
    "needs mapping", "type changed", "migration fails", "not imported", "unreadable",
]  # fmt: skip
"""What becomes of a run.

`unchanged`: it follows the very definition that is deployed. `goes on`: it is moved over to the new
one, as it is. `migrated`: the same, by an author's migration. `stays`: it cannot go over, and the
code that it follows is among what is deployed as well. The others are held: a state of it `needs
mapping`, the `type changed` of something that it holds, its `migration fails` (the function raises,
or gives what no run can hold), its machine is `not imported`, or its log is `unreadable` to this
program.
"""

HELD: frozenset[Fate] = frozenset(
    {"needs mapping", "type changed", "migration fails", "not imported", "unreadable"}
)
"""What stands still until somebody does something."""

_AT_ONCE = 64
_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class RunFate:
    """What becomes of one run.

    Attributes:
        run, machine, state: which, of which machine, and where it stands.
        hash: of the definition that it follows.
        fate: what becomes of it.
        reasons: why, one for each thing that is in the way.
        by: the migrations that are applied, in order.
        lacking: the states of its definition that a migration would have to map.
        wanted: variables that a migration's function would have to give.
        author: what its machine is called in the new code.
        cause: what runs share whose reasons are told with values of theirs; "" for the reasons.
        over: it is completed; a run in flight that began it may have it undone.
    """

    run: str
    machine: str
    state: str
    hash: str
    fate: Fate
    reasons: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    author: str = ""
    cause: str = ""
    over: bool = False

    @property
    def held(self) -> bool:
        """Whether it would stand still."""
        return self.fate in HELD

    @property
    def write(self) -> str:
        """The migration to be written, "" where that would not help, or one is there already."""
        if not _may_be_migrated(self):
            return ""
        needed = (self.lacking, self.wanted, self.reasons)
        return migration(self.author, self.hash, *needed)

    @property
    def mend(self) -> str:
        """What is to be mended of the migrations that did not help, "" where there are none."""
        if not self.held or not self.by or is_past(self.reasons) or unreadable(self.reasons):
            return ""
        return mend(self.by, self.lacking, self.reasons)


@dataclass(slots=True)
class FateGroup:
    """Runs of one machine, definition and state that share a fate and its reasons.

    Attributes:
        count: how many.
        samples: ids of the first few.
        over: they are completed; runs in flight that began them may have them undone.
    """

    machine: str
    state: str
    hash: str
    fate: Fate
    reasons: tuple[str, ...]
    by: tuple[str, ...]
    lacking: tuple[str, ...]
    wanted: tuple[str, ...]
    author: str
    over: bool = False
    count: int = 0
    samples: list[str] = field(default_factory=list[str])

    @property
    def held(self) -> bool:
        """Whether these runs would stand still."""
        return self.fate in HELD

    @property
    def migratable(self) -> bool:
        """Whether a migration that is yet to be written would help them."""
        return _may_be_migrated(self)


def _may_be_migrated(one: RunFate | FateGroup) -> bool:
    changed = one.fate in ("needs mapping", "type changed")
    return changed and not one.by and not unreadable(one.reasons)


@dataclass(frozen=True, slots=True)
class DeployReport:
    """What becomes of all runs in flight, in groups: those that would be held first.

    Attributes:
        doubts: names in migrations that are not known here, and may be slips.
    """

    groups: tuple[FateGroup, ...]
    doubts: tuple[str, ...] = ()

    @property
    def runs(self) -> int:
        """How many runs are in flight."""
        return sum(group.count for group in self.groups if not group.over)

    @property
    def held(self) -> int:
        """How many of them would be held."""
        return sum(group.count for group in self.groups if group.held)

    def count(self, fate: Fate) -> int:
        """How many share a fate."""
        return sum(group.count for group in self.groups if group.fate == fate)


_Key: TypeAlias = tuple[
    str, str, str, Fate, tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...], str,
    bool,
]  # fmt: skip

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many runs have been looked at, of how many."""


async def deploy_check(
    store: Store,
    modules: Iterable[str | ModuleType | object],
    *,
    keys: str | Path | KeyStore | None = None,
    progress: Progress | None = None,
) -> DeployReport:
    """What an engine with these modules would do to the runs in flight. Nothing is written.

    Args:
        store: may be opened for reading only.
        modules: modules (or their names) that define machines, or workflows and lifecycles; of
            two definitions of one name the first is the present one, and the other is kept.
        keys: the key store of personal data, as for the engine.
        progress: told from time to time.

    Raises:
        CompileError, BadDefinition: the new code cannot be served at all: no engine opens with it.
        KeyStoreLost: the log names a key store of personal data, which is not there.
    """
    groups: dict[_Key, FateGroup] = {}
    async with programs_of(store, machines_of(modules), keys, checked=True) as programs:
        doubts = await checked_migrations(store, programs)
        async for found in fates(store, programs, progress=progress):
            _add(groups, found)
    order = sorted(groups.values(), key=lambda g: (not g.held, g.machine, g.state, -g.count))
    return DeployReport(tuple(order), tuple(doubt.text for doubt in doubts))


def _add(groups: dict[_Key, FateGroup], found: RunFate) -> None:
    own = (found.machine, found.state, found.hash, found.fate)
    more = (found.by, found.lacking, found.wanted, found.author)
    key = (*own, (found.cause,) if found.cause else found.reasons, *more, found.over)
    group = groups.get(key)
    if group is None:
        group = groups[key] = FateGroup(*own, found.reasons, *more, over=found.over)
    group.count += 1
    if len(group.samples) < _SAMPLES:
        group.samples.append(found.run)


def cause_of(reason: str, run: str) -> str:
    """A reason without what is of one run alone: its id, and numbers."""
    return _NUMBER.sub("…", reason.replace(run, "…"))


_NUMBER = re.compile(r"\d+")


def machines_of(modules: Iterable[str | ModuleType | object]) -> list[object]:
    """The present workflows and lifecycles of modules; what is kept beside them is registered."""
    found = [importlib.import_module(one) if isinstance(one, str) else one for one in modules]
    return [present.kind for present, *_ in defined_in(found).values()]


async def fates(
    store: Store, programs: Programs, *, progress: Progress | None = None
) -> AsyncIterator[RunFate]:
    """What becomes of each run in flight, in natural order of their ids.

    Behind a run, those of its children that are over and that it could not have undone.
    """
    seen = set[str]()
    entries = await store.entries(Filter(finished=False))
    for start in range(0, len(entries), _AT_ONCE):
        if progress is not None:
            progress(start, len(entries))
        page: Sequence[Entry] = entries[start : start + _AT_ONCE]
        for found in await asyncio.gather(*(fate_of(store, programs, entry) for entry in page)):
            yield found
        for entry in page:
            async for child in undoable_children(store, programs, entry, seen):
                found = await fate_of(store, programs, child)
                if found.held:
                    yield replace(found, over=True)
    if progress is not None:
        progress(len(entries), len(entries))


async def fate_of(store: Store, programs: Programs, entry: Entry) -> RunFate:
    """What becomes of one run in flight: the one answer for all who tell it before it happens."""
    exact, current = programs.choice(entry.machine, entry.hash)
    program = current or exact
    if program is None:
        return _of(entry, "not imported", (f"machine {entry.machine!r} is not imported",))
    if program.machine.hash == entry.hash:
        return _of(entry, "unchanged")
    old = await programs.definition(store, entry.hash)
    try:
        state = await load_state(store, entry.run)
        found = outlook(old, program, state, await past_of(store, old, program, state))
    except InterlockError as error:
        fate = _of(entry, "unreadable", (str(error),))
        return replace(fate, cause=cause_of(str(error), entry.run))
    if exact is not None and found.event is None:
        return _of(entry, "stays", found.verdict.reasons)
    verdict = found.verdict
    lacking, wanted = needed(verdict)
    fate = _of(entry, _fate_of(found), verdict.reasons, found.by)
    author = author_name(program.machine)
    return replace(fate, lacking=lacking, wanted=wanted, author=author, cause=found.failed)


def _fate_of(found: Outlook) -> Fate:
    if found.failed:
        return "migration fails"
    if isinstance(found.verdict, GoesOn):
        return "migrated" if found.by else "goes on"
    return "needs mapping" if isinstance(found.verdict, NeedsMapping) else "type changed"


def _of(
    entry: Entry,
    fate: Fate,
    reasons: tuple[str, ...] = (),
    by: tuple[str, ...] = (),
) -> RunFate:
    return RunFate(entry.run, entry.machine, entry.state, entry.hash, fate, reasons, by)
