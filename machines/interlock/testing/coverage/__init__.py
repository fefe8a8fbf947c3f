"""Coverage of machines: which states, transitions, answers of guards and undos a test has seen."""

from interlock.testing.coverage.items import Item, Kind, items_of
from interlock.testing.coverage.picture import dot_picture, mermaid_picture
from interlock.testing.coverage.production import production
from interlock.testing.coverage.report import Report
from interlock.testing.coverage.tally import Tally

__all__ = [
    "Item",
    "Kind",
    "Report",
    "Tally",
    "dot_picture",
    "items_of",
    "mermaid_picture",
    "production",
]
