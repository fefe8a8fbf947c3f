"""Where runs can come to: states that nothing enters, nothing leaves, or that lead to no end."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.machines.checks.configurations import Walked
from interlock.machines.checks.frames import Frame, frames
from interlock.machines.checks.subject import Subject
from interlock.machines.checks.walking import closure
from interlock.machines.kernel import readable
from interlock.machines.problem import Problem


def unreachable(subject: Subject) -> Iterator[Problem]:
    """ILK082: a state that no path leads to. A workflow's ends are the same for all."""
    machine = subject.machine
    missing = {node.id for node in machine.nodes} - subject.reached
    if subject.exact is not None and not missing:
        behind = closure((end for e in subject.never for end in e.targets), subject.following)
        missing = {node.id for node in machine.nodes} - subject.exact.entered.keys() - behind
    if subject.main is not None:
        yield from _dropped(subject.main)
    for node in machine.nodes:
        if node.id not in missing or node.kind == "history":
            continue
        if machine.kind == "workflow" and node.kind == "final":
            continue
        text = f"nothing leads to {node.id!r}; add a transition to it, or remove it"
        yield Problem("ILK082", "warning", node.id, text, node.line)


def _dropped(main: Frame) -> Iterator[Problem]:
    """Awaits that have no state, because no path leads to them."""
    told: set[tuple[str, int]] = set()
    for frame in frames(main):
        for line, what in frame.facts.unreached:
            if (frame.file, line) not in told:
                told.add((frame.file, line))
                text = (
                    f"nothing leads to the await of {what!r}: the code before it always returns, "
                    "raises or loops; remove it"
                )
                yield Problem("ILK082", "warning", "", text, line, frame.file, frame.way)


def dead_ends(subject: Subject) -> Iterator[Problem]:
    """ILK083: a state without a way out."""
    leaving = _leaving(subject)
    found = False
    for node in subject.machine.nodes:
        if node.kind != "final" and node.parent is None and node.id not in leaving:
            text = f"nothing leads out of {node.id!r}; make it final, or add a transition"
            found = True
            way = subject.way_to(node.id)
            yield Problem("ILK083", "warning", node.id, text, node.line, trace=way)
    if subject.exact is not None and not found and not subject.never:
        yield from _stuck(subject, subject.exact)


def endless(subject: Subject) -> Iterator[Problem]:
    """ILK084: a state from which no end can be reached."""
    machine, leaving = subject.machine, _leaving(subject)
    final = {node.id for node in machine.nodes if node.kind == "final" and node.parent is None}
    if not final:
        return
    back: dict[str, set[str]] = {}
    for edge in machine.edges:
        for target in edge.targets:
            end = subject.tops.get(target, target)
            back.setdefault(end, set()).add(subject.tops.get(edge.source, edge.source))
    ending = closure(final, back)
    found = False
    for node in machine.nodes:
        if node.kind == "final" or node.parent is not None or node.id in ending:
            continue
        found = True
        if node.id in leaving:
            text = f"no final state can be reached from {node.id!r}"
            way = subject.way_to(node.id)
            yield Problem("ILK084", "warning", node.id, text, node.line, trace=way)
    if subject.exact is not None and not found and not subject.never:
        yield from _lost(subject, subject.exact)


def _leaving(subject: Subject) -> set[str]:
    """The states at the top that some edge leaves."""
    tops = subject.tops
    return {
        tops.get(edge.source, edge.source)
        for edge in subject.machine.edges
        for target in edge.targets
        if tops.get(target, target) != tops.get(edge.source, edge.source)
    }


def _stuck(subject: Subject, walk: Walked) -> Iterator[Problem]:
    """The first place of nested states from which nothing moves."""
    for number, spot in enumerate(walk.spots):
        if spot.rests and not spot.ways and not spot.ends:
            where = readable(subject.machine, spot.snapshot.active)
            inner = spot.snapshot.active[-1]
            text = f"nothing leads out of {where!r}; make it final, or add a transition"
            line = subject.machine.by_id[inner].line
            yield Problem("ILK083", "warning", inner, text, line, trace=walk.trace(number))
            return


def _lost(subject: Subject, walk: Walked) -> Iterator[Problem]:
    """The first place of nested states that leads to no end, though its states at the top may."""
    back: dict[str, set[str]] = {}
    for number, spot in enumerate(walk.spots):
        for way in spot.ways:
            back.setdefault(str(way), set()).add(str(number))
    ending = closure((str(n) for n, spot in enumerate(walk.spots) if spot.ends), back)
    for number, spot in enumerate(walk.spots):
        if str(number) in ending or (spot.rests and not spot.ways):
            continue
        where = readable(subject.machine, spot.snapshot.active)
        inner = spot.snapshot.active[-1]
        text = f"no final state can be reached from {where!r}"
        line = subject.machine.by_id[inner].line
        yield Problem("ILK084", "warning", inner, text, line, trace=walk.trace(number))
        return
