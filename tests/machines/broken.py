"""Broken machines: each has one thing wrong with it, and the code by which that is found.

Lifecycles whose classes are refused when they are made stand here as graphs, as a file or another
notation may hold them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from interlock.machines import Lifecycle, Workflow
from interlock.machines.ir import Edge, Machine, Node
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.program import Program
from machines import broken_inside as inside
from machines import broken_lifecycles as lives
from machines import broken_workflows as flows


def graph(*edges: Edge, nodes: tuple[Node, ...] = ()) -> Machine:
    """A lifecycle of the states a, b and the end."""
    plain = (Node(id="a", kind="atomic"), Node(id="b", kind="atomic"), Node(id="end", kind="final"))
    return Machine(
        name="graph", kind="lifecycle", initial="a", nodes=nodes or plain,
        edges=(*edges, Edge(id="ends", source="b", target="end", event="Close")),
    )  # fmt: skip


def edge(name: str, event: str = "Go", source: str = "a", target: str = "b", **more: Any) -> Edge:
    """A transition, from a to b by Go."""
    return Edge(id=name, source=source, target=target, event=event, **more)


_NEST = (
    Node(id="a", kind="compound", initial="x"), Node(id="x", kind="atomic", parent="a"),
    Node(id="b", kind="atomic"), Node(id="end", kind="final"),
)  # fmt: skip
_EMPTY = (_NEST[2], msgspec.structs.replace(_NEST[0], initial=None), _NEST[3])
_TWICE = (*graph().nodes, graph().nodes[1])


@dataclass(frozen=True)
class Broken:
    """A machine, and the code of what is wrong with it.

    Attributes:
        name: of the case.
        code: "" for nothing.
        checked: the program, or the machine alone.
        trace: how many moves lead there.
        strict: it is found only by a strict check.
    """

    name: str
    code: str
    checked: Machine | Program | LifecycleProgram
    trace: int = 0
    strict: bool = False


def _of(kind: type[Lifecycle[Any, Any]], code: str, trace: int = 0) -> Broken:
    return Broken(kind.name, code, kind.program(), trace, code == "ILK301")


def _flow(flow: Workflow[..., Any], code: str, trace: int = 0) -> Broken:
    return Broken(flow.program.machine.name, code, flow.program, trace)


CORPUS: tuple[Broken, ...] = (
    Broken("two states of a name", "ILK080", graph(edge("1"), nodes=_TWICE)),
    Broken("two edges of a name", "ILK080", graph(edge("1"), edge("1", "Do"))),
    Broken("to nowhere", "ILK081", graph(edge("1"), edge("2", "Do", target="x"))),
    Broken("not nested", "ILK130", graph(edge("1"), nodes=_EMPTY)),
    _of(lives.Unreachable, "ILK082"),
    _of(lives.DeadEnd, "ILK083", 2),
    _of(lives.NestedDeadEnd, "ILK083", 1),
    _of(lives.NoEnd, "ILK084", 1),
    Broken("behind an open one", "ILK085", graph(edge("1"), edge("2", guard="g", order=1))),
    Broken(
        "left at once", "ILK085",
        graph(edge("1"), edge("2", "Go", "b", "a"), edge("3", "always", "b", "end")), 1,
    ),
    _of(lives.Shadowed, "ILK085"),
    _of(lives.LateTimer, "ILK085", 1),
    Broken("two open ones", "ILK300", graph(edge("1"), edge("2", target="end", order=1))),
    Broken(
        "two timers at a time", "ILK300",
        graph(edge("1", "after 1 day"), edge("2", "after 1 day", target="end", order=1)),
    ),
    _of(lives.Overlap, "ILK300", 1),
    Broken("round and round", "ILK131", graph(edge("1"), edge("2", "always", "b", "b")), 1),
    Broken("no end inside", "ILK132", graph(edge("1", "done"), edge("2"), nodes=_NEST)),
    _of(lives.NeverDone, "ILK132"),
    _of(lives.Unanswered, "ILK301", 1),
    _of(lives.SlowEffect, "ILK106"),
    _flow(flows.waits_for_ever, "ILK086", 1),
    _flow(flows.asks_for_ever, "ILK086", 1),
    _flow(flows.slow_step, "ILK106", 1),
    _flow(flows.stays, "ILK107", 2),
    _flow(flows.cannot_be_undone, "ILK087", 2),
    _flow(flows.bypassed, "ILK108", 3),
    _flow(flows.looping, "ILK178", 1),
    _flow(flows.never_joined, "ILK132", 1),
    _flow(flows.unassigned, "ILK177", 1),
    _flow(flows.asked_twice, "ILK176", 1),
    _flow(flows.waited_twice, "ILK176", 1),
    _flow(flows.sound, ""),
    _flow(inside.child_forever, "ILK178", 1),
    _flow(inside.loop_in_helper, "ILK178", 2),
    _flow(inside.loop_in_phase, "ILK178", 1),
    _flow(inside.handle_never, "ILK132", 1),
    _flow(inside.child_in_parallel_never, "ILK132", 1),
    _flow(inside.child_never, "ILK132", 1),
    _flow(inside.child_handle_never, "ILK132", 2),
    _flow(inside.never_in_helper, "ILK132", 2),
    _flow(inside.bypass_parallel, "ILK108", 3),
    _flow(inside.bypass_helper, "ILK108", 3),
    _flow(inside.bypass_phase, "ILK108", 3),
    _flow(inside.bypass_handle, "ILK108", 2),
    _flow(inside.bypass_inside, "ILK108", 4),
    _flow(inside.bypass_settle, "ILK108", 3),
    _flow(inside.bypass_failing_helper, "ILK108", 2),
    _flow(inside.wait_in_handle, "ILK086", 2),
    _flow(inside.alike_handle, "ILK176", 1),
    _flow(inside.alike_handles, "ILK176", 1),
    _flow(inside.alike_each, "ILK176", 1),
    _flow(inside.alike_list, "ILK176", 1),
    _flow(inside.deleted, "ILK177", 2),
    _flow(inside.child_stays, "ILK107", 3),
    _flow(inside.beside_child, "ILK107", 2),
    _flow(inside.unreached, "ILK082"),
    _flow(inside.sound, ""),
    _flow(inside.sound_undoing, ""),
    _flow(inside.child_pays, ""),
    _flow(inside.child_looks, ""),
)  # fmt: skip

DOUBTFUL: tuple[tuple[Workflow[..., Any], str], ...] = (
    (inside.doubtful_alike, "ILK176"),
    (inside.doubtful_approvers, "ILK176"),
    (inside.doubtful_failure, "ILK108"),
    (inside.doubtful_join, "ILK132"),
)
"""Workflows of which one thing is not found out, and so neither proved nor refuted."""
