"""Mermaid: a `stateDiagram-v2`, as GitHub and most documentation tools show it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from interlock.machines.draw.picture import (
    APART,
    APART_TITLE,
    COLOURS,
    Look,
    Picture,
    title,
)
from interlock.machines.ir import Machine, Node

_STYLES: dict[Look, str] = {
    "waiting": "stroke-dasharray:5 3",
    "final": "stroke-width:2px",
    "visited": "stroke-width:2px",
    "at": "stroke-width:4px,font-weight:bold",
}
_SPECIAL = re.compile(r"[^\w \[\]().,+*/=!?'-]", re.ASCII)


def mermaid(
    machine: Machine, *, at: str | Collection[str] | None = None, visited: Collection[str] = ()
) -> str:
    """The machine as a Mermaid diagram.

    Args:
        machine: what to draw.
        at: the state a run is in, or the states, to be marked.
        visited: states the run has been in, to be marked.
    """
    picture = Picture(machine, at, visited)
    lines = ["stateDiagram-v2", *_block(picture, None, "    "), *_apart(picture)]
    for (source, target), said in picture.arrows.items():
        lines.append(f"    {picture.ids[source]} --> {picture.ids[target]}{_said(*said)}")
    ends = [n for n in picture.children(None) if n.kind == "final" and n.id in machine.by_id]
    lines += [f"    {picture.ids[node.id]} --> [*]" for node in ends]
    return "\n".join([*lines, *_marks(picture)]) + "\n"


def _block(picture: Picture, parent: str | None, indent: str) -> Iterator[str]:
    """The states in `parent`, nested ones inside theirs."""
    by_id = picture.machine.by_id
    begins = picture.begins if parent is None else picture.begins_in(by_id[parent])
    for state, label in begins:
        yield f"{indent}[*] --> {picture.ids[state]}{_said(label)}"
    parallel = parent is not None and by_id[parent].kind == "parallel"
    for number, node in enumerate(picture.children(parent)):
        if parallel and number and node.kind != "history":
            yield f"{indent}--"
        yield from _state(picture, node, indent)
    if parent is not None:
        ends = [node for node in picture.children(parent) if node.kind == "final"]
        yield from (f"{indent}{picture.ids[node.id]} --> [*]" for node in ends)


def _state(picture: Picture, node: Node, indent: str) -> Iterator[str]:
    name, inside = picture.ids[node.id], picture.children(node.id)
    said = [title(node), *(picture.internal(node) if inside else ())]
    head = f'{indent}state "{"<br/>".join(map(escape, said))}" as {name}'
    if not inside:
        yield head
        for label in picture.internal(node):
            yield f"{indent}{name}{_said(label)}"
        return
    yield f"{head} {{"
    yield from _block(picture, node.id, indent + "    ")
    yield f"{indent}}}"


def _apart(picture: Picture) -> Iterator[str]:
    """How it ends badly, in a frame of its own, since it may begin after any state."""
    if not picture.apart:
        return
    yield f'    state "{APART_TITLE}" as {APART} {{'
    for node in picture.nodes:
        if node.id in picture.apart:
            yield from _state(picture, node, " " * 8)
    yield "    }"


def _marks(picture: Picture) -> Iterator[str]:
    looks = {node.id: picture.looks(node) for node in picture.nodes}
    for look, (fill, line) in COLOURS.items():
        marked = [picture.ids[state] for state, some in looks.items() if look in some]
        if marked:
            style = f"fill:{fill},stroke:{line},color:#1a202c,{_STYLES[look]}"
            yield f"    classDef {look} {style}"
            yield f"    class {','.join(marked)} {look}"


def _said(*labels: str) -> str:
    said = "<br/>".join(escape(label) for label in labels if label)
    return f" : {said}" if said else ""


def escape(text: str) -> str:
    """Text that Mermaid shows as it is: what could mean something to it becomes a code."""
    plain = " ".join(text.split()) or " "
    return _SPECIAL.sub(lambda found: f"#{ord(found[0])};", plain)
