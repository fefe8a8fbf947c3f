"""Whether the cases come to every transition: every law holds of what never happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from interlock.machines.ir import Edge
from interlock.testing.laws import Law
from interlock.testing.moves import Case, Move, Send
from interlock.testing.scenario import Scenario
from interlock.testing.subject import Subject
from interlock.testing.walk import Walk

REACHED = "reached"


@dataclass
class Reached:
    """What the cases of one lifecycle came to.

    Attributes:
        taken: ids of the transitions that were taken.
        states: that were active somewhere.
        came: how often a command came, or time passed (""), where a state was active.
        failed: what the author's code said when it failed there, the first time.
        refused: why a command was refused there, the first time.
        began: what it said when a run did not even begin.
        runs: how many runs did begin.
    """

    taken: set[str] = field(default_factory=set[str])
    states: set[str] = field(default_factory=set[str])
    came: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    failed: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    refused: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    began: str = ""
    runs: int = 0

    def begins(self, active: Sequence[str], taken: Sequence[str]) -> None:
        """A run begins."""
        self.runs += 1
        self._moved(active, taken)

    def moves(
        self, before: Sequence[str], move: Move, scenario: Scenario[Any, Any], failure: str = ""
    ) -> None:
        """One thing happened where these states were active; `failure`: what the code said."""
        event = type(move.command).__name__ if isinstance(move, Send) else ""
        for state in before:
            self.came[state, event] += 1
            if failure:
                self.failed.setdefault((state, event), failure)
            elif scenario.refusal is not None and scenario.refusal.guards:
                self.refused.setdefault((state, event), scenario.refusal.guards[-1])
        if not failure:
            self._moved(scenario.configuration, scenario.taken)

    def _moved(self, active: Sequence[str], taken: Sequence[str]) -> None:
        self.states.update(active)
        self.taken.update(taken)


def reached_of(subject: Subject) -> Reached:
    """What the cases that were looked at so far came to."""
    found: Reached = subject.kept.setdefault(REACHED, Reached())
    return found


def _look(subject: Subject, case: Case) -> None:
    reached, walk = reached_of(subject), Walk(subject.kind, case.start)
    scenario = walk.scenario
    if scenario is None:
        reached.began = reached.began or walk.failure
        return
    reached.begins(scenario.configuration, scenario.taken)
    for move in case.moves:
        before = scenario.configuration
        line = walk.apply(move)
        reached.moves(before, move, scenario, line.failure)


def unreached(subject: Subject) -> str:
    """The transitions that no case has taken so far, each with why, and what to write; else ""."""
    reached = reached_of(subject)
    if not reached.runs:
        return f"  no run ever begins: {reached.began}" if reached.began else ""
    missing = [edge for edge in subject.program.machine.edges if _wanted(subject, reached, edge)]
    if not missing:
        return ""
    entered = reached.states.union(*(_sources(subject, edge) for edge in reached.taken))
    first = [edge for edge in missing if edge.source in entered]
    told = [f"  {told_edge(edge)}: {_why(subject, reached, edge)}" for edge in first]
    behind = dict.fromkeys(edge.source for edge in missing if edge.source not in entered)
    if behind:
        told.append(f"  so nothing ever comes to {', '.join(behind)}, and on from there")
    return "\n".join([*told, "", *_advice(subject, first)])


def _sources(subject: Subject, taken: str) -> Iterator[str]:
    """States that were only passed through."""
    for edge in subject.program.machine.edges:
        if edge.id == taken:
            yield edge.source
            yield from edge.targets


def _wanted(subject: Subject, reached: Reached, edge: Edge) -> bool:
    """Whether a transition was not taken, and may be."""
    if edge.id in reached.taken:
        return False
    command = subject.program.commands.get(edge.event)
    if command is not None:
        return subject.weight(command) > 0
    return not edge.event.startswith("after ") or subject.weight("time") > 0


def told_edge(edge: Edge) -> str:
    """A transition for people."""
    return f"{edge.source} --{edge.event}--> {' and '.join(edge.targets) or edge.source}"


def _why(subject: Subject, reached: Reached, edge: Edge) -> str:
    command = edge.event in subject.program.commands
    key = edge.source, edge.event if command else ""
    failure = reached.failed.get(key)
    if failure is not None:
        return f"the code fails: {failure}"
    guards = " and ".join(guard.__name__ for guard in subject.program.guards(edge.id))
    if not command:
        if guards:
            return f"{guards} never said yes"
        return "it was never due" if edge.event.startswith("after ") else "it never followed"
    times = reached.came[key]
    if not times:
        return f"no {edge.event} ever came there"
    said = f"a {edge.event} came there {times} {'time' if times == 1 else 'times'}"
    earlier = [e for e in subject.program.machine.edges if _alike(e, edge) and e.order < edge.order]
    if any(e.id in reached.taken for e in earlier):
        return f"{said}, and {told_edge(earlier[0])}, which is asked first, took it or refused"
    reason = reached.refused.get(key, "")
    reason = f" ({reason})" if reason else ""
    return f"{said}, and {f'{guards} never said yes{reason}' if guards else 'others took it'}"


def _alike(edge: Edge, other: Edge) -> bool:
    return (edge.source, edge.event) == (other.source, other.event)


def _advice(subject: Subject, edges: Sequence[Edge]) -> Iterator[str]:
    model = subject.program.data_type.__name__
    kinds = [
        subject.program.commands[e.event] for e in edges if e.event in subject.program.commands
    ]
    fields = [f"{kind.__name__}.{name}" for kind in kinds for name in kind.model_fields]
    ways = [f"with which data runs begin, starts=[{model}(…)]"]
    if fields:
        ways.insert(0, f"what is drawn, payloads={{{fields[0]!r}: st.…}}")
    if kinds:
        ways.append(f"what comes more often, weights={{{kinds[0].__name__}: 5}}")
    yield "no test says anything of what never happens: mend the code, or say"
    yield f"{', or '.join(ways)}; without=[{REACHED!r}] does without them"


LAW = Law(REACHED, "every transition is taken by some case", _look, share=1.0, lastly=unreached)
