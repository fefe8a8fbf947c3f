"""Names in a filter of runs that no run has: refused, with those that there are."""

from __future__ import annotations

from collections.abc import Iterable

from interlock.cli.errors import NoSuchName
from interlock.cli.text import near_ids
from interlock.store.contract import Filter, Store

_LOOKED_AT = 5000
"""Runs whose names are looked at."""

_NAMED = 20
"""Names that an error lists, at most."""


async def check_names(store: Store, where: Filter) -> None:
    """Check that a state and a machine are those of some run, or can be.

    Raises:
        NoSuchName: one of them is not.
    """
    if where.state is None and where.machine is None:
        return
    entries = await store.entries(Filter(limit=_LOOKED_AT))
    entries += await store.entries(Filter(limit=_LOOKED_AT, archived=True))
    machines = dict.fromkeys(entry.machine for entry in entries)
    if where.machine is not None:
        _check("machine", where.machine, machines)
    if where.state is None:
        return
    states = dict.fromkeys(entry.state for entry in entries)
    if where.state in states:
        return
    for digest in dict.fromkeys(entry.hash for entry in entries):
        if where.machine in (None, *(e.machine for e in entries if e.hash == digest)):
            states |= dict.fromkeys(await _states(store, digest))
    _check("state", where.state, states)


async def _states(store: Store, digest: str) -> Iterable[str]:
    """The states of a definition."""
    from interlock.machines.ir import Machine

    found = await store.definition(digest)
    return () if found is None else Machine.from_json(found.ir).places


def _check(what: str, wanted: str, known: Iterable[str]) -> None:
    names = [*known]
    if wanted in names:
        return
    near = near_ids(wanted, names)
    listed = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {listed or 'none'}"
    message = f"no run has the {what} {wanted!r}; {hint}"
    raise NoSuchName(message)
