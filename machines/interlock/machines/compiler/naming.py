"""Names of states: by what is awaited and, where that is not unique, by what came before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from interlock.machines.compiler import refusals
from interlock.machines.compiler.sites import Site
from interlock.machines.compiler.source import Source
from interlock.machines.errors import CompileError

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
            raise _clash(source, site, name)
        taken[name] = site
        names[site] = name
        before = site.base
    return names


def call_names(
    source: Source, states: Mapping[Site, str], started: Sequence[Site]
) -> dict[Site, str]:
    """The name of each call that is not awaited on the spot.

    Calls of one thing share a name, wherever they stand: what they wait for is the same. One that
    is a state's name, too, is preceded by the join's.

    Raises:
        CompileError: calls of different things cannot be told apart.
    """
    everywhere = [(c, f"{state}/{c.base}") for site, state in states.items() for c in site.calls]
    everywhere += [(call, f"{call.base} started") for call in started]
    kinds: dict[str, set[object]] = {}
    for call, _ in everywhere:
        kinds.setdefault(call.base, set()).add(identity(call))
    plain = {base for base, of in kinds.items() if len(of) == 1} - set(states.values()) - RESERVED
    names: dict[Site, str] = {}
    taken: dict[str, object] = {}
    for call, longer in everywhere:
        name = call.base if call.base in plain else longer
        if taken.setdefault(name, identity(call)) != identity(call):
            raise _clash(source, call, name)
        names[call] = name
    return names


def _clash(source: Source, site: Site, name: str) -> CompileError:
    """The error for a name that is taken; only steps can be given another one."""
    call = "" if site.step is None else site.step.name
    error = source.refuse(refusals.STATE_CLASH, site.line, name=name, call=call)
    if call:
        return error
    instead = error.instead.partition(", or put it into ")[2]
    return CompileError(error.code, error.file, error.line, error.what, f"put it into {instead}")


def identity(call: Site) -> object:
    """What a call is of: two that are equal have one place."""
    step = call.step
    of_step = None if step is None else (step.name, id(step.function), repr(step.options))
    return call.kind, of_step, call.commands, id(call.child)
