"""Every place of a program: its states, its calls, and those of its helpers."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.machines.program import Place, Program


def places_of(program: Program) -> Iterator[Place]:
    """Each place of a workflow's code, in its joins and helpers as well; not in its children."""
    for place in (*program.places.values(), *program.calls.values()):
        yield place
        if place.program is not None:
            yield from places_of(place.program)
