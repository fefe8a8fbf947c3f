"""Graphviz: the DOT language."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from interlock.machines.draw.picture import APART, APART_TITLE, COLOURS, Picture, title
from interlock.machines.ir import Machine, Node

_LINE = "#2d3748"
_NODE = 'style="rounded,filled" fillcolor="#f7fafc" color="#2d3748" margin="0.2,0.1"'
_HEAD = (
    '    graph [fontname="Helvetica" rankdir=TB nodesep=0.5 ranksep=0.5 compound=true]',
    f'    node [fontname="Helvetica" fontsize=11 shape=box {_NODE}]',
    '    edge [fontname="Helvetica" fontsize=9 color="#4a5568" arrowsize=0.7]',
)


def dot(
    machine: Machine, *, at: str | Collection[str] | None = None, visited: Collection[str] = ()
) -> str:
    """The machine as a DOT graph: `dot -Tsvg` draws it.

    Args:
        machine: what to draw.
        at: the state a run is in, or the states, to be marked.
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
        lines.append(f'    "" -> {_arrow(picture, "", state, label)}')
    for (source, target), said in picture.arrows.items():
        lines.append(f"    {_arrow(picture, source, target, *said)}")
    return "\n".join([*lines, *_apart(picture), "}"]) + "\n"


def _arrow(picture: Picture, source: str, target: str, *said: str) -> str:
    """An arrow; one to or from a frame ends at its border, though it is drawn to a state inside."""
    begins = f"{picture.ids[_inner(picture, source)]} -> " if source else ""
    marks = [f"label={quote(*filter(None, said))}"] if any(said) else []
    outer = [("lhead", target, source), ("ltail", source, target)]
    for mark, state, other in outer:
        if state and picture.children(state) and not _is_inside(picture, other, state):
            marks.append(f"{mark}=cluster_{picture.ids[state]}")
    ends = f" [{' '.join(marks)}]" if marks else ""
    return f"{begins}{picture.ids[_inner(picture, target)]}{ends}"


def _inner(picture: Picture, state: str) -> str:
    """A state that has a shape of its own: the first inside for one that is a frame."""
    while inside := [n for n in picture.children(state) if n.kind != "history"]:
        first = [begin for begin, _ in picture.begins_in(picture.machine.by_id[state])]
        state = first[0] if first else inside[0].id
    return state


def _is_inside(picture: Picture, state: str, around: str) -> bool:
    node = picture.machine.by_id.get(state)
    while node is not None and node.id != around:
        node = None if node.parent is None else picture.machine.by_id[node.parent]
    return node is not None


def _block(picture: Picture, parent: str | None, indent: str) -> Iterator[str]:
    for node in picture.children(parent):
        if picture.children(node.id):
            yield from _frame(picture, node, indent)
        else:
            yield _state(picture, node, indent)


def _frame(picture: Picture, node: Node, indent: str) -> Iterator[str]:
    """A state with others inside; the regions of a parallel one have dashed frames."""
    name, machine = picture.ids[node.id], picture.machine
    above = None if node.parent is None else machine.by_id[node.parent]
    region = above is not None and above.kind == "parallel"
    at = node.id in picture.places  # frames inside would inherit what they do not say themselves
    colour = f'color="{COLOURS["at"][1] if at else _LINE}" penwidth={3 if at else 1}'
    yield f"{indent}subgraph cluster_{name} {{"
    label = quote(title(node), *picture.internal(node))
    style = '"rounded,dashed"' if region else "rounded"
    yield f"{indent}    label={label} style={style} {colour}"
    begins = picture.begins_in(node)
    if begins:
        yield f'{indent}    "{name} begins" [label="" shape=point width=0.1 fillcolor=black]'
    for state, said in begins:
        yield f'{indent}    "{name} begins" -> {_arrow(picture, "", state, said)}'
    yield from _block(picture, node.id, indent + "    ")
    yield f"{indent}}}"


def _state(picture: Picture, node: Node, indent: str) -> str:
    label = quote(title(node), *picture.internal(node))
    if node.kind == "history":
        return f"{indent}{picture.ids[node.id]} [label={label} shape=circle margin=0]"
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


def quote(*texts: str) -> str:
    """A DOT string that shows each text on a line of its own."""
    lines = [" ".join(text.split()).replace("\\", "\\\\") for text in texts]
    return '"' + "\\n".join(line.replace('"', '\\"') for line in lines) + '"'
