"""Names of states: by what is awaited and, where that is not unique, by what came before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from interlock.machines.compiler import refusals
from interlock.machines.compiler.sites import Site
from interlock.machines.compiler.source import Source

ENDS = ("completed", "failed", "cancelled")
UNDOING = ("compensating", "compensated", "compensation failed")
RESERVED = frozenset({"start", *ENDS, *UNDOING})


def state_names(
    source: Source, sites: Sequence[Site], phases: Collection[str] = ()
) -> dict[Site, str]:
    """The state of each await, given in order of the source, and apart from its phases' names.

    Raises:
        CompileError: two awaits cannot be told apart, or a name is taken by the machine.
    """
    count = Counter(site.base for site in sites)
    names: dict[Site, str] = {}
    taken: dict[str, Site] = {}
    before = "start"
    for site in sites:
        name = site.base
        if count[name] > 1 and not site.named:
            name = f"{name} after {before.removeprefix(site.phase)}"
        if name in RESERVED:
            raise source.refuse(refusals.RESERVED_STATE, site.line, name=name)
        if name in taken or name in phases:
            raise source.refuse(refusals.STATE_CLASH, site.line, name=name)
        taken[name] = site
        names[site] = name
        before = site.base
    return names
