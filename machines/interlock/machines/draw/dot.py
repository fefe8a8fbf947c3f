"""Graphviz: the DOT language."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from interlock.machines.draw.picture import APART, APART_TITLE, COLOURS, Picture
from interlock.machines.ir import Machine, Node

_NODE = 'style="rounded,filled" fillcolor="#f7fafc" color="#2d3748" margin="0.2,0.1"'
_HEAD = (
    '    graph [fontname="Helvetica" rankdir=TB nodesep=0.5 ranksep=0.5 compound=true]',
    f'    node [fontname="Helvetica" fontsize=11 shape=box {_NODE}]',
    '    edge [fontname="Helvetica" fontsize=9 color="#4a5568" arrowsize=0.7]',
)


def dot(machine: Machine, *, at: str | None = None, visited: Collection[str] = ()) -> str:
    """The machine as a DOT graph: `dot -Tsvg` draws it.

    Args:
        machine: what to draw.
        at: the state a run is in, to be marked.
        visited: states the run has been in, to be marked.
    """
    picture = Picture(machine, at, visited)
    lines = [
        f"digraph {quote(machine.name)} {{",
        *_HEAD,
        '    "" [shape=point width=0.15 fillcolor=black]',
    ]
    lines += _block(picture, None, "    ")
    for state, label in picture.begins:
        lines.append(f'    "" -> {picture.ids[state]}{_said(label)}')
    for (source, target), said in picture.arrows.items():
        lines.append(f"    {picture.ids[source]} -> {picture.ids[target]}{_said(*said)}")
    return "\n".join([*lines, *_apart(picture), "}"]) + "\n"


def _block(picture: Picture, parent: str | None, indent: str) -> Iterator[str]:
    for node in picture.children(parent):
        if picture.children(node.id):
            yield f"{indent}subgraph cluster_{picture.ids[node.id]} {{"
            yield f"{indent}    label={quote(node.id)} style=rounded"
            yield from _block(picture, node.id, indent + "    ")
            yield f"{indent}}}"
        else:
            yield _state(picture, node, indent)


def _state(picture: Picture, node: Node, indent: str) -> str:
    label = quote(node.id, *picture.internal(node))
    return f"{indent}{picture.ids[node.id]} [label={label}{_style(picture, node)}]"


def _style(picture: Picture, node: Node) -> str:
    looks = picture.looks(node)
    if not looks:
        return ""
    fill, line = COLOURS[looks[-1]]
    dashed = ",dashed" if "waiting" in looks else ""
    frames = " peripheries=2" if "final" in looks else ""
    wide = " penwidth=3" if "at" in looks else ""
    colours = f'fillcolor="{fill}" color="{line}"'
    return f' {colours} style="rounded,filled{dashed}"{frames}{wide}'


def _apart(picture: Picture) -> Iterator[str]:
    """How it ends badly, in a frame of its own, since it may begin after any state."""
    if not picture.apart:
        return
    yield f"    subgraph cluster_{APART} {{"
    yield f'        label={quote(APART_TITLE)} style="rounded,dashed" fontsize=10'
    for node in picture.nodes:
        if node.id in picture.apart:
            yield _state(picture, node, " " * 8)
    yield "    }"


def _said(*labels: str) -> str:
    said = [label for label in labels if label]
    return f" [label={quote(*said)}]" if said else ""


def quote(*texts: str) -> str:
    """A DOT string that shows each text on a line of its own."""
    lines = [" ".join(text.split()).replace("\\", "\\\\") for text in texts]
    return '"' + "\\n".join(line.replace('"', '\\"') for line in lines) + '"'
