"""Names of edges that come without one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from interlock.machines.ir import Edge


def named_edges(edges: Iterable[Edge]) -> Iterator[Edge]:
    """Give each edge a name, and its place among the candidates of its source and event.

    The name tells the place of an edge by as much as is needed: source and event, else also the
    guard or target, so that it changes with nothing else. Edges that have a name keep it.
    """
    given = list(edges)
    names = [edge.id or f"{edge.source}.{edge.event}" for edge in given]
    for further in (_guard, _target):
        shared = {name for name, count in Counter(names).items() if count > 1}
        names = [
            name + further(edge) if name in shared and not edge.id else name
            for name, edge in zip(names, given, strict=True)
        ]
    taken: set[str] = set()
    places: Counter[tuple[str, str]] = Counter()
    for name, edge in zip(names, given, strict=True):
        alone, number = name, 1
        while alone in taken:  # the same in every respect
            number += 1
            alone = f"{name} ({number})"
        taken.add(alone)
        place = (edge.source, edge.event)
        yield msgspec.structs.replace(edge, id=alone, order=places[place])
        places[place] += 1


def _guard(edge: Edge) -> str:
    return f" if {edge.guard}" if edge.guard else ""


def _target(edge: Edge) -> str:
    return f" to {edge.target}"
