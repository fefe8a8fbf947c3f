"""Pictures of machines, made from the machine alone: Mermaid, Graphviz, SVG, rows of a table."""

from interlock.machines.draw.dot import dot
from interlock.machines.draw.mermaid import mermaid
from interlock.machines.draw.outline import Row, outline
from interlock.machines.draw.svg import svg

__all__ = ["Row", "dot", "mermaid", "outline", "svg"]
