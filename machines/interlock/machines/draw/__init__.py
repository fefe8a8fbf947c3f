"""Pictures of machines, made from the machine alone: Mermaid, Graphviz and rows for a table."""

from interlock.machines.draw.dot import dot
from interlock.machines.draw.mermaid import mermaid
from interlock.machines.draw.outline import Row, outline

__all__ = ["Row", "dot", "mermaid", "outline"]
