"""What each pause answers with: the variables that matter there, by name."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from interlock.machines.compiler.blocks import Block, Pause
from interlock.machines.compiler.liveness import NOTHING, Names
from interlock.machines.compiler.raising import unsure
from interlock.machines.compiler.scope import Scope
from interlock.machines.compiler.syntax import walk_scope
from interlock.machines.compiler.touches import Touches


class Frames:
    """Tells of pauses which variables to name, so that `locals()` need not be asked for all.

    A variable that the code before a pause mentions may be unbound there. Where the next segment
    begins it can be None as well, if no code behind reads it before it is assigned: if it is not
    live. So all can be named at the pause, but for those that the code may leave unbound itself.
    """

    def __init__(
        self, scope: Scope, blocks: Sequence[Block], names: Sequence[str],
        live: Mapping[Block, Names], pauses: Sequence[Pause], touches: Touches,
    ) -> None:  # fmt: skip
        self._touches = touches
        self._live = live
        self._parameters = frozenset(scope.parameters)
        doubtful = unsure(blocks, live, scope.parameters) | _caught(blocks)
        self._answers: dict[Pause, list[str]] = {}
        for number, pause in enumerate(pauses):
            kept = live[pause.behind] | (NOTHING if pause.where is None else live[pause.where])
            seen = touches.mentioned(number)
            wanted = [name for name in names if name in kept or (name[0] != "." and name in seen)]
            if doubtful.isdisjoint(wanted):
                self._answers[pause] = wanted

    def of(self, pause: Pause) -> Sequence[str] | None:
        """The variables that a pause answers with; None for those that turn out to be bound."""
        return self._answers.get(pause)

    def cleared(self, entry: Block) -> Sequence[str]:
        """The variables to be made None where a segment begins, since pauses ahead name them."""
        bound = self._live[entry] | (self._parameters if entry.number == 0 else NOTHING)
        ahead = (self._answers.get(pause, ()) for pause in self._touches.ahead(entry))
        return sorted({name for wanted in ahead for name in wanted} - bound)


def _caught(blocks: Sequence[Block]) -> Names:
    """The names of exceptions, which are unbound behind their handlers."""
    nodes = walk_scope(*(statement for block in blocks for statement in block.statements))
    return frozenset(n.name for n in nodes if isinstance(n, ast.ExceptHandler) and n.name)
