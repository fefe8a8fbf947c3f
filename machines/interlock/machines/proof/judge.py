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
from interlock.machines.proof.in_time import LOOKED, UNTIMELY, UNTOLD, is_loose
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


def _holds(found: Found, code: str, text: str, name: str, about: str = "") -> Result:
    """The verdict on what was not seen broken in time."""
    if not found.untimely[name]:
        return Result(code, text, _held(found), bound=bound_of(found), about=about)
    bound = "; ".join(one for one in (UNTIMELY, bound_of(found)) if one)
    return Result(code, text, "bounded", bound=bound, about=about)


def _possible(found: Found, code: str, text: str, *, seen: bool = False) -> Result:
    """The verdict on what can be come to; `seen`: it was, however far was looked."""
    bounds = [] if seen else [bound_of(found)]
    if is_loose([found.program]):
        bounds.append(UNTOLD)
    bound = "; ".join(one for one in bounds if one)
    return Result(code, text, "bounded" if bound else "proved", bound=bound)


def _invariants(found: Found) -> Iterator[Result]:
    for one in found.invariants:
        where = f" in {', '.join(one.states)}" if one.states else ""
        text = f"{one.name} holds{where}"
        broken = found.broken.get(one.name)
        if broken is None:
            yield _holds(found, "ILK170", text, one.name, one.name)
        else:
            number, why = broken
            trace = found.trace(number)
            reason = why or f"it does not with {trace.data!r}"
            yield Result("ILK170", text, "refuted", reason, trace, about=one.name)


def _failures(found: Found) -> Iterator[Result]:
    text = "no method fails"
    if found.failed is None:
        yield _holds(found, "ILK171", text, "")
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
        if found.untimely[text] >= LOOKED or not found.in_time(number):
            found.untimely[text] += 1
            continue
        trace = found.trace(number)
        at = found.configurations[found.at[number]]
        certain = found.whole or not (at.asks or at.kept)
        verdict: Verdict = "refuted" if certain else "bounded"
        reason = f"nothing moves it on in {trace.state!r}"
        yield Result("ILK172", text, verdict, reason, trace, bound_of(found), trace.state)
        return
    yield _holds(found, "ILK172", text, text)


def _ends(found: Found) -> Iterator[Result]:
    """Every place can lead to an end; there is nothing to say of a lifecycle that has none."""
    if not found.program.final:
        return
    text = "an end can be reached from everywhere"
    lost = _lost(found)
    if not lost:
        yield _possible(found, "ILK173", text)
        return
    if not found.complete:
        yield Result("ILK173", text, "bounded", bound=bound_of(found))
        return
    first = next((number for number in lost[:LOOKED] if found.in_time(number)), None)
    if first is None:
        found.untimely[text] += 1
        yield _holds(found, "ILK173", text, text)
        return
    trace = found.trace(first)
    at = found.configurations[found.at[first]]
    certain = found.whole or not (at.asks or at.kept)
    verdict: Verdict = "refuted" if certain else "bounded"
    reason = f"nothing leads from {trace.state!r} to an end"
    yield Result("ILK173", text, verdict, reason, trace, bound_of(found), trace.state)


def _lost(found: Found) -> list[int]:
    """The places that do not lead to an end."""
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
    return [] if ending.find(0) < 0 else [n for n, ends in enumerate(ending) if not ends]


def _transitions(found: Found) -> Iterator[Result]:
    never = [edge for edge in found.program.machine.edges if edge.id not in found.taken]
    if not never:
        yield _possible(found, "ILK174", "every transition can be taken", seen=True)
    for edge in never:
        yield _never(found, "ILK174", f"{_told(edge)} can be taken", edge.id, "it never is")


def _states(found: Found) -> Iterator[Result]:
    resting = (found.configurations[at].snapshot.active for at in {*found.at})
    entered = found.entered.union(*resting)
    nodes = [node.id for node in found.program.machine.nodes if node.kind != "history"]
    never = [node for node in nodes if node not in entered]
    if not never:
        yield _possible(found, "ILK175", "every state can be entered", seen=True)
    for state in never:
        shown = readable(found.program.machine, (state,))
        yield _never(found, "ILK175", f"{shown} can be entered", state, "it never is")


def _never(found: Found, code: str, text: str, about: str, reason: str) -> Result:
    verdict: Verdict = "refuted" if _held(found) == "proved" else "bounded"
    return Result(code, text, verdict, reason, bound=bound_of(found), about=about)


def _told(edge: Edge) -> str:
    return f"{edge.id} ({edge.event})"


_LOOKS = (_invariants, _failures, _stuck, _ends, _transitions, _states)
