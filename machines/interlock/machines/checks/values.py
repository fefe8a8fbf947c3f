"""Variables of a workflow that may be read unassigned."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.machines.checks.frames import frames
from interlock.machines.checks.subject import Subject
from interlock.machines.problem import Problem


def unassigned(subject: Subject) -> Iterator[Problem]:
    """ILK177: a variable that some path reads before it has assigned it."""
    told: set[tuple[str, str, str]] = set()
    for frame in frames(subject.main) if subject.main is not None else ():
        machine = frame.program.machine
        for name in sorted(frame.program.unassigned):
            if (machine.file, machine.qualname, name) in told:
                continue
            told.add((machine.file, machine.qualname, name))
            where = "" if frame is subject.main else f" of {machine.name}"
            known = [s for s, place in frame.program.places.items() if name in place.live]
            text = (
                f"{name!r}{where} may be read before it is assigned: an UnboundLocalError in the "
                "middle of a run; assign it on every path"
            )
            line = frame.program.places[known[0]].line if known else machine.line
            way = frame.way_to(known[0]) if known else frame.way
            yield Problem("ILK177", "warning", "", text, line, machine.file, way)
