"""What several segments did that share a commit: those of a workflow and of its helpers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from interlock.machines.program import Ended

if TYPE_CHECKING:  # only named in annotations
    from interlock.store.event import Delta
    from interlock.store.values import Memory, Touch, Writes


class Changes:
    """Collects what segments touched, to be recorded as one.

    A name may have stood for one object in one segment and for another in the next, or belong to
    two turns of the same helper: every object that was touched is looked at.

    Attributes:
        segments: how many there are.
    """

    def __init__(self) -> None:
        self._frame: dict[str, object] = {}
        self._touched: dict[str, Touch] = {}
        self._writes: Writes = []
        self.segments = 0

    def add(self, prefix: str, ended: Ended) -> None:
        """Take in one segment, in the order in which they ran.

        Args:
            prefix: what its variables are recorded below: "" for the workflow's own, `review/`
                for those of the helper that is awaited in the state `review`.
            ended: how the segment ended.
        """
        self.segments += 1
        for name, touch in ended.touched.items():
            known = prefix + name
            self._touched[known] = max(touch, self._touched.get(known, touch))
            if name in ended.frame:
                apart = f"{known} #{self.segments}"
                self._frame[apart] = ended.frame[name]
                self._touched[apart] = touch
        self._writes += ended.writes

    def record(self, memory: Memory, stack: Iterable[tuple[str, Mapping[str, object]]]) -> Delta:
        """Record it all in the run's memory.

        Args:
            memory: the run's.
            stack: the functions under way, the workflow first: prefix and live variables of each.

        Raises:
            Unrecordable: a live variable holds something that cannot be recorded.
        """
        live: list[str] = []
        frame = self._frame
        for prefix, variables in stack:
            live += [prefix + name for name in variables]
            frame |= {prefix + name: value for name, value in variables.items()}
        return memory.record(frame, live, self._touched, self._writes)
