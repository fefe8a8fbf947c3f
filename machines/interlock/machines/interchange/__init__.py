"""Machines from and to other descriptions: `transitions` machines, SCXML, functions by name."""

from interlock.machines.interchange.from_scxml import from_scxml
from interlock.machines.interchange.from_transitions import from_transitions
from interlock.machines.interchange.guards import Named, bind_guards, named_guards
from interlock.machines.interchange.leftover import (
    KINDS,
    BadDocument,
    LeftOut,
    NotCarriedOver,
    Unconvertible,
    UnknownFunction,
)
from interlock.machines.interchange.lifecycle_of import Values, lifecycle_of
from interlock.machines.interchange.to_scxml import to_scxml
from interlock.machines.interchange.to_transitions import to_transitions

__all__ = [
    "KINDS",
    "BadDocument",
    "LeftOut",
    "Named",
    "NotCarriedOver",
    "Unconvertible",
    "UnknownFunction",
    "Values",
    "bind_guards",
    "from_scxml",
    "from_transitions",
    "lifecycle_of",
    "named_guards",
    "to_scxml",
    "to_transitions",
]
