"""Coverage as a picture: green is what tests did, red what none did, grey what does not count."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.machines.draw.dot import quote
from interlock.machines.draw.mermaid import escape
from interlock.machines.draw.picture import Picture, title
from interlock.machines.ir import Edge, Node
from interlock.testing.coverage.items import Item, transition_key
from interlock.testing.coverage.report import Report

GREEN, RED, GREY = "#2f855a", "#c53030", "#a0aec0"
_FILL = {GREEN: "#d9f0e3", RED: "#fed7d7", GREY: "#edf2f7"}


class _Coloured:
    """What is drawn of a report."""

    def __init__(self, report: Report) -> None:
        self.report = report
        begins = [node.id for node in report.machine.nodes if node.kind == "initial"]
        self.ids = Picture(report.machine, at=begins).ids
        self._items = {(item.kind, item.key): item for item in report.items}

    def states(self) -> Iterator[tuple[str, Node, str, str]]:
        """Identifier, state, label and colour."""
        drawn = {end for _, source, target, *_ in self.arrows() for end in (source, target)}
        for node in self.report.machine.nodes:
            item = self._items.get(("state", node.id))
            if self.ids[node.id] in drawn or item is not None:
                yield self.ids[node.id], node, self._label(title(node), item), self._colour(item)

    def arrows(self) -> Iterator[tuple[Edge, str, str, str, str]]:
        """Edge, identifiers of its ends, label and colour."""
        machine = self.report.machine
        for edge in machine.edges:
            item = self._items.get(("transition", transition_key(machine, edge)))
            if item is None:
                continue
            label = edge.label or ("" if edge.event == "done" else edge.event)
            for target in edge.targets:
                ends = self.ids[edge.source], self.ids[target]
                yield edge, *ends, self._label(label, item), self._colour(item)

    def _label(self, text: str, item: Item | None) -> str:
        if item is None:
            return text
        counts = f"{self.report.times(item)}×"
        production = self.report.in_production(item)
        if production is not None:
            counts += f" tests, {production}× production"
        return f"{text} {counts}".strip()

    def _colour(self, item: Item | None) -> str:
        if item is None:
            return GREY
        return GREEN if self.report.times(item) else RED


def mermaid_picture(report: Report) -> str:
    """The coverage of a machine as a Mermaid flowchart, with colours and counts."""
    drawn = _Coloured(report)
    lines = ["flowchart TD"]
    for name, _, label, colour in drawn.states():
        lines.append(f'    {name}["{escape(label)}"]')
        lines.append(f"    style {name} fill:{_FILL[colour]},stroke:{colour},color:#1a202c")
    for number, (_, source, target, label, colour) in enumerate(drawn.arrows()):
        said = f'|"{escape(label)}"|' if label else ""
        lines.append(f"    {source} -->{said} {target}")
        lines.append(f"    linkStyle {number} stroke:{colour}")
    return "\n".join(lines) + "\n"


def dot_picture(report: Report) -> str:
    """The same for Graphviz."""
    drawn = _Coloured(report)
    lines = [
        f"digraph {quote(report.machine.name)} {{",
        '    node [shape=box style="rounded,filled" fontname="Helvetica" fontsize=11]',
        '    edge [fontname="Helvetica" fontsize=9]',
    ]
    for name, _, label, colour in drawn.states():
        fill = _FILL[colour]
        lines.append(f'    {name} [label={quote(label)} color="{colour}" fillcolor="{fill}"]')
    for _, source, target, label, colour in drawn.arrows():
        lines.append(f'    {source} -> {target} [label={quote(label)} color="{colour}"]')
    return "\n".join([*lines, "}"]) + "\n"
