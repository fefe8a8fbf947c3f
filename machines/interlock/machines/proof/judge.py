"""From what an exploration saw to a verdict on each property.

ILK170: an invariant does not hold. ILK171: a method fails. ILK172: a run is stuck.
ILK173: no end can be reached. ILK174: a transition is never taken.
ILK175: a state is never entered.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from interlock.machines.ir import Edge
from interlock.machines.kernel import readable
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.proof.domain import Samples
from interlock.machines.proof.explore import LIMIT, Found, explore
from interlock.machines.proof.invariant import Invariant
from interlock.machines.proof.joint_search import prove_together
from interlock.machines.proof.result import Result, Verdict
from interlock.machines.proof.together import Together


def prove(
    kind: type[Lifecycle[Any, Any]] | type[Together],
    *,
    starts: Iterable[Any] = (),
    samples: Samples | None = None,
    invariants: Iterable[Invariant] = (),
    limit: int = LIMIT,
) -> list[Result]:
    """A verdict on each property of a lifecycle; see `explore` for what is given.

    Its invariants hold, its methods do not fail, no run is stuck, an end can be reached from
    everywhere, every transition can be taken, and every state entered. Of a system, see
    `prove_together`.

    Raises:
        BadDefinition: the values of a field cannot be listed, and there are no samples of it.
    """
    if issubclass(kind, Together):
        return prove_together(kind, starts=starts, samples=samples, limit=limit)
    found = explore(kind, starts=starts, samples=samples, invariants=invariants, limit=limit)
    results = [result for look in _LOOKS for result in look(found)]
    return [replace(result, start=found.begun) for result in results]


def bound_of(found: Found) -> str:
    """How far was looked, in words; "" for everywhere."""
    parts: list[str] = []
    if not found.complete:
        parts.append(f"{found.looked} places looked at, more are left")
    if not found.whole:
        parts.append("; ".join(found.samples))
    return "; ".join(parts)


def _held(found: Found) -> Verdict:
    """The verdict on what was broken nowhere."""
    return "proved" if found.complete and found.whole else "bounded"


def _invariants(found: Found) -> Iterator[Result]:
    for one in found.invariants:
        where = f" in {', '.join(one.states)}" if one.states else ""
        text = f"{one.name} holds{where}"
        broken = found.broken.get(one.name)
        if broken is None:
            yield Result("ILK170", text, _held(found), bound=bound_of(found), about=one.name)
        else:
            number, why = broken
            trace = found.trace(number)
            reason = why or f"it does not with {trace.data!r}"
            yield Result("ILK170", text, "refuted", reason, trace, about=one.name)


def _failures(found: Found) -> Iterator[Result]:
    text = "no method fails"
    if found.failed is None:
        yield Result("ILK171", text, _held(found), bound=bound_of(found))
        return
    number, event, why = found.failed
    reason = f"{why} (places looked at: {found.looked})"
    yield Result("ILK171", text, "refuted", reason, found.trace(number, event))


def _stuck(found: Found) -> Iterator[Result]:
    text = "no run is stuck"
    failing = -1 if found.failed is None else found.failed[0]
    for number in range(found.looked):
        if number == failing or found.is_final(number) or len(found.ways(number)):
            continue
        trace = found.trace(number)
        at = found.configurations[found.at[number]]
        certain = found.whole or not (at.asks or at.kept)
        verdict: Verdict = "refuted" if certain else "bounded"
        reason = f"nothing moves it on in {trace.state!r}"
        yield Result("ILK172", text, verdict, reason, trace, bound_of(found), trace.state)
        return
    yield Result("ILK172", text, _held(found), bound=bound_of(found))


def _ends(found: Found) -> Iterator[Result]:
    """Every place can lead to an end; there is nothing to say of a lifecycle that has none."""
    if not found.program.final:
        return
    text = "an end can be reached from everywhere"
    lost = _first_lost(found)
    if lost is None:
        yield Result("ILK173", text, _held(found), bound=bound_of(found))
    elif not found.complete:
        yield Result("ILK173", text, "bounded", bound=bound_of(found))
    else:
        trace = found.trace(lost)
        at = found.configurations[found.at[lost]]
        certain = found.whole or not (at.asks or at.kept)
        verdict: Verdict = "refuted" if certain else "bounded"
        reason = f"nothing leads from {trace.state!r} to an end"
        yield Result("ILK173", text, verdict, reason, trace, bound_of(found), trace.state)


def _first_lost(found: Found) -> int | None:
    """The first place that does not lead to an end."""
    count = len(found.at)
    back = [array("l") for _ in range(count)]
    for number in range(found.looked):
        for way in found.ways(number):
            back[way].append(number)
    ending = bytearray(found.is_final(number) for number in range(count))
    todo = [number for number in range(count) if ending[number]]
    while todo:
        for number in back[todo.pop()]:
            if not ending[number]:
                ending[number] = 1
                todo.append(number)
    lost = ending.find(0)
    return None if lost < 0 else lost


def _transitions(found: Found) -> Iterator[Result]:
    never = [edge for edge in found.program.machine.edges if edge.id not in found.taken]
    if not never:
        yield Result("ILK174", "every transition can be taken", "proved")
    for edge in never:
        yield _never(found, "ILK174", f"{_told(edge)} can be taken", edge.id, "it never is")


def _states(found: Found) -> Iterator[Result]:
    resting = (found.configurations[at].snapshot.active for at in {*found.at})
    entered = found.entered.union(*resting)
    nodes = [node.id for node in found.program.machine.nodes if node.kind != "history"]
    never = [node for node in nodes if node not in entered]
    if not never:
        yield Result("ILK175", "every state can be entered", "proved")
    for state in never:
        shown = readable(found.program.machine, (state,))
        yield _never(found, "ILK175", f"{shown} can be entered", state, "it never is")


def _never(found: Found, code: str, text: str, about: str, reason: str) -> Result:
    verdict: Verdict = "refuted" if _held(found) == "proved" else "bounded"
    return Result(code, text, verdict, reason, bound=bound_of(found), about=about)


def _told(edge: Edge) -> str:
    return f"{edge.id} ({edge.event})"


_LOOKS = (_invariants, _failures, _stuck, _ends, _transitions, _states)
