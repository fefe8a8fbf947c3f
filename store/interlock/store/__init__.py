"""The event store: what happened, in order, for good.

This is the door: everything that other packages use is importable from here. Importing it is
cheap; a backend is loaded when a store is opened.
"""

from interlock.store.clock import Clock, ManualClock, SystemClock, uuid7
from interlock.store.contract import (
    FINISHED,
    Appended,
    Commit,
    Definition,
    Draft,
    Entry,
    Filter,
    Head,
    Store,
    Timer,
)
from interlock.store.digest import verify
from interlock.store.errors import (
    AnswerLost,
    BadArchive,
    BadStoreUrl,
    BadUpcast,
    BrokenChain,
    Conflict,
    DuplicateCommand,
    InterlockError,
    LateUpcast,
    LogReplaced,
    NewerSchema,
    NewerValue,
    NotADatabase,
    OutdatedValue,
    RunArchived,
    SchemaLost,
    StoreBusy,
    StoreClosed,
    StoreError,
    StoreFull,
    StoreReadOnly,
    UnknownEvent,
    UnknownType,
    Unrecordable,
)
from interlock.store.event import JSON, Actor, Body, Delta, Encoded, Event
from interlock.store.open import open_store
from interlock.store.place import Place
from interlock.store.snapshot import Snapshot
from interlock.store.vocabulary import BODIES

__all__ = [  # noqa: RUF022  grouped by what a reader looks for
    # opening
    "open_store",
    "Store",
    # events
    "Event",
    "Actor",
    "Body",
    "BODIES",
    "Delta",
    "Encoded",
    "JSON",
    "verify",
    # appending
    "Commit",
    "Draft",
    "Head",
    "Appended",
    # the index
    "Entry",
    "Filter",
    "FINISHED",
    "Timer",
    "Definition",
    "Snapshot",
    "Place",
    # time
    "Clock",
    "ManualClock",
    "SystemClock",
    "uuid7",
    # errors
    "InterlockError",
    "StoreError",
    "AnswerLost",
    "BadArchive",
    "BadStoreUrl",
    "BadUpcast",
    "BrokenChain",
    "Conflict",
    "DuplicateCommand",
    "LateUpcast",
    "LogReplaced",
    "NewerSchema",
    "SchemaLost",
    "NewerValue",
    "NotADatabase",
    "OutdatedValue",
    "RunArchived",
    "StoreBusy",
    "StoreClosed",
    "StoreFull",
    "StoreReadOnly",
    "UnknownEvent",
    "UnknownType",
    "Unrecordable",
]
