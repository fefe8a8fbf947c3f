"""The exit set: what a transition leaves, and the state above all of it."""

from __future__ import annotations

from collections.abc import Iterable

from interlock.machines.kernel.tree import TOP, Tree


def leaving(tree: Tree, source: int, targets: Iterable[int], *, internal: bool) -> tuple[int, int]:
    """The state that a transition moves inside of, and all states that it leaves if active.

    Args:
        tree: the states.
        source: where it starts.
        targets: where it leads, histories resolved.
        internal: it may move inside its source without leaving it.

    The first is the innermost compound state around source and targets (SCXML: the transition's
    domain), TOP for the whole machine. Where all of them are in one region of a parallel state,
    that region included, it is the parallel state, and the other regions are not left.
    """
    reached = 0
    for target in targets:
        reached |= 1 << target
    inside = tree.inside
    if internal and tree.compound >> source & 1 and not reached & ~inside[source]:
        return source, inside[source]
    region = source
    for ancestor in tree.ancestors[source]:
        if tree.parallel >> ancestor & 1:
            within = inside[region] | 1 << region
            if not reached & ~within:
                return ancestor, within
        elif not reached & ~inside[ancestor]:
            return ancestor, inside[ancestor]
        region = ancestor
    return TOP, (1 << len(tree.names)) - 1
