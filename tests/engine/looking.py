"""The laws of looking back: any moment, in any order, is what the run was live."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from interlock.projections import (
    Effect,
    History,
    Moment,
    RunState,
    evolve,
    ledger,
    states,
    timeline,
)
from interlock.store.event import Event


@dataclass(frozen=True, slots=True)
class Looked:
    """What can be seen of a run at one moment, in text."""

    state: str
    status: str
    variables: str
    waits: tuple[str, ...]
    branches: tuple[str, ...]
    ends: str


def looked(state: RunState) -> Looked:
    """What a live or a folded state shows."""
    error = state.error or (state.compensation.error if state.compensation else None)
    return Looked(
        f"{state.state} {state.configuration}",
        state.status,
        _text(state.variables),
        tuple(repr(activity) for activity in state.pending.values()),
        tuple(
            f"{thread.id} {_text(thread.image.plain_variables())}"
            for thread in state.threads.values() if thread.id in state.pending
        ),
        f"{_text(state.image.plain(state.result))} {error and error.message!r} {state.held}",
    )  # fmt: skip


def looked_at(moment: Moment) -> Looked:
    """What a moment shows, asked one by one."""
    return Looked(
        f"{moment.state} {moment.configuration}",
        moment.status,
        _text(moment.variables),
        tuple(repr(activity) for activity in moment.waits),
        tuple(f"{branch.id} {_text(branch.variables)}" for branch in moment.branches),
        f"{_text(moment.result)} {_message(moment)} {moment.held}",
    )


def _message(moment: Moment) -> str:
    return repr(moment.error.partition(": ")[2]) if moment.error else "None"


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def looks_back(history: History, live: Mapping[int, Looked]) -> None:
    """Every way to a moment leads to what was live there, and differences are what they say."""
    random = Random(len(history))
    if len(history) > 1:
        looks_from(history, random.randint(1, len(history) - 1))
    folded: list[Looked] = []
    state: RunState | None = None
    for event in history.events:
        state = evolve(state, event)
        folded.append(looked(state))
    for version, was in live.items():
        assert folded[version - 1] == was
    with pytest.MonkeyPatch.context() as patch:  # else only long runs would keep any state
        for name, values in (("_EVERY", (1, 3, 8)), ("_MOST", (2, 9)), ("_FINE", (1, 4, 64))):
            patch.setattr(states, name, random.choice(values))
        history = History(history.events)
        versions = range(1, len(history) + 1)
        for version in random.sample(versions, min(_SOME, len(history))):
            assert looked_at(history.at(version)) == folded[version - 1]
        walks(history, folded, random)
        for _ in range(2):
            differs(history, random.choice(versions), random.choice(versions))
    chooses(history, random)
    for version in {1, random.randint(1, len(history)), len(history)}:
        draws(history, version)


_SOME = 20
"""Moments of a run that are looked at out of order."""


def walks(history: History, folded: list[Looked], random: Random) -> None:
    """Stepping to and fro; a state that was handed out stays as it was."""
    moment, kept = history.last, history.state()
    for _ in range(min(_SOME, 2 * len(history))):
        step = moment.next if random.random() < 0.4 else moment.previous
        moment = step or random.choice([history.first, history.last])
        assert looked_at(moment) == folded[moment.version - 1]
    assert looked(kept) == folded[-1]
    assert [moment.version for moment in reversed(history)] == list(range(len(history), 0, -1))


def differs(history: History, a: int, b: int) -> None:
    """A difference says all that is different, and nothing else."""
    found, before, after = history.diff(a, b), history.at(a), history.at(b)
    assert _text(found.apply(before.variables)) == _text(after.variables)
    assert bool(found.changes) == (_text(before.variables) != _text(after.variables))
    one, other = (_effects(history.events[:version]) for version in (a, b))
    changed = {name for name in {**one, **other} if one.get(name) != other.get(name)}
    assert {(pair.after or pair.before or _nothing()).activity for pair in found.effects} == changed
    waited, waits = (
        {a.id for a in moment.waits if a.status != "done"} for moment in (before, after)
    )
    assert {p.after.id for p in found.waits if p.before is None and p.after is not None} == (
        waits - waited
    )
    assert {p.before.id for p in found.waits if p.after is None and p.before is not None} == (
        waited - waits
    )
    assert a != b or found.empty


def draws(history: History, version: int) -> None:
    """A timeline holds every activity once; what is still open in it is what is under way."""
    moment = history.at(version)
    drawn = timeline(history.until(version))
    bars = [bar for bar in drawn.bars if bar.kind not in ("state", "held")]
    began = {pair.activity for pair in history.ledger(version)}
    assert began <= {bar.id for bar in bars}
    assert len({bar.id for bar in bars}) == len(bars)
    under_way = {activity.id for activity in moment.waits if activity.status != "done"}
    assert {bar.id for bar in bars if bar.end is None} == under_way
    states = {bar.place for bar in drawn.bars if bar.kind == "state" and bar.end is None}
    lifecycle = history.state(version).lifecycle and not drawn.ended
    assert states == (set(moment.configuration) if lifecycle else set())
    for bar in drawn.bars:
        ends = [bar.begin, *(span.end for span in bar.spans)]
        assert [span.begin for span in bar.spans] == ends[:-1]
        assert ends[-1] == bar.end
        assert all(span.end is None or span.begin <= span.end for span in bar.spans)


def _nothing() -> Effect:
    message = "a pair has one side at least"
    raise AssertionError(message)


def _effects(events: tuple[Event, ...]) -> dict[str, Any]:
    return {
        e.activity: (e.step, e.status, e.attempts, e.interruptions, e.error) for e in ledger(events)
    }


def chooses(history: History, random: Random) -> None:
    """What is filtered is what a comprehension over all moments gives."""
    event = random.choice(history.events)
    other = random.choice(history.events)
    moment = history.at(event.version)
    subject = moment.subject
    cases: list[tuple[dict[str, Any], Callable[[Moment], bool]]] = [
        ({"type": event.type}, lambda m: m.event.type == event.type),
        ({"type": [event.type, other.type]}, lambda m: m.event.type in (event.type, other.type)),
        ({"actor": event.actor.kind}, lambda m: m.event.actor.kind == event.actor.kind),
        ({"state": event.state}, lambda m: event.state in _places(m)),
        ({"step": subject.step}, lambda m: not subject.step or subject.step in _steps(m)),
        (
            {"branch": "/".join(subject.branch), "type": other.type},
            lambda m: (
                m.event.type == other.type
                and m.subject.branch[: len(subject.branch)] == subject.branch
            ),
        ),
    ]
    for wanted, fits in cases:
        found = [moment.version for moment in history.filter(**wanted)]
        assert found == [moment.version for moment in history if fits(moment)], wanted


def _places(moment: Moment) -> set[str]:
    subject = moment.subject
    own = {subject.activity.state, subject.place} if subject.activity is not None else set[str]()
    return {moment.event.state, *moment.configuration} | own


def _steps(moment: Moment) -> set[str]:
    body = moment.event.body
    named = {str(getattr(body, name, "")) for name in ("step", "undo", "name", "command")}
    step = moment.subject.step
    return {step, *step.split(" or "), *named}


def looks_from(history: History, after: int) -> None:
    """A history that begins later tells the same of all that it has."""
    since = history.state(after)
    part = History(history.events[after:], since)
    part.verify()
    assert [moment.version for moment in part] == [*range(after + 1, len(history) + 1)]
    for version in (after + 1, len(history), (after + 1 + len(history)) // 2):
        at, whole = part.at(version), history.at(version)
        assert looked_at(at) == looked_at(whole)
        assert at.subject == whole.subject
    assert looked(part.replay()) == looked(history.replay())
    assert looked(since) == looked(history.state(after))
    last = {effect.activity: effect for effect in history.ledger()}
    for effect in part.ledger():
        if _known(effect) != _known(last[effect.activity]) and not effect.error:
            message = f"after {after}: {effect}, not {last[effect.activity]}"
            raise AssertionError(message)
    drawn = timeline(part.events, since)
    bars = timeline(history.events).bars
    assert {bar.id for bar in drawn.bars if bar.end is None} == {
        bar.id for bar in bars if bar.end is None
    } or since.lifecycle
    ends = {bar.id: (bar.end, bar.label) for bar in bars}
    for bar in drawn.bars:
        if bar.kind not in ("state", "held"):
            end, label = ends[bar.id]
            assert bar.end == end
            if bar.kind != "undo":  # a branch that is over tells no more what it was called in
                assert bar.label == label or bar.label.endswith(f"/{label}")
    before = history.ledger(after)
    gone = {effect.activity for effect in before if effect.status in _OVER}
    assert {e.activity for e in part.ledger()} >= last.keys() - gone


_OVER = ("confirmed", "failed", "cancelled", "compensated", "not compensated", "reused")


def _known(effect: Effect) -> object:
    return effect.activity, effect.status, effect.undoes
