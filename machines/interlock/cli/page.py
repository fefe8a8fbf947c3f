"""Evidence as a page that a person reads: one HTML file that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

import msgspec
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from interlock.audit.proof import Proof
from interlock.cli.joined import error_text
from interlock.cli.showing import actor_name
from interlock.cli.view import Phrases
from interlock.engine.evidence import facts_of, proofs_of
from interlock.machines.draw import svg
from interlock.machines.ir import Machine
from interlock.projections import Evidence, History, RunState, evolve, load_evidence
from interlock.projections.approval import Decided
from interlock.projections.subject import read_through
from interlock.store.contract import Definition
from interlock.store.event import Event

_GOOD = frozenset({"completed", "confirmed", "reused", "granted", "yes"})
_BAD = frozenset(
    {"failed", "in doubt", "compensation failed", "undo failed", "not compensated", "held",
     "rejected", "no"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """An event in the page.

    Attributes:
        event: itself.
        at: its instant.
        who: its actor.
        what: what happened, in words.
        body: all that it says, as JSON text.
        state: the state that it led to, "" where that is the one before.
        variables: what they are from here on, as JSON text; "" where they did not change.
        proof: that it was sealed; None for none.
    """

    event: Event
    at: str
    who: str
    what: str
    body: str
    state: str
    variables: str
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision in the page, with what was asked about."""

    decided: Decided
    about: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A definition that the run followed, with its picture."""

    definition: Definition
    picture: Markup


def page(text: str) -> str:
    """The page of a run, from its evidence as JSON lines.

    Everything in it that is not Interlock's own words is escaped. It loads nothing.
    """
    found = load_evidence(text)
    history, proofs = found.history, proofs_of(text)
    state, about = history.state(), facts_of(history)
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(instant=_instant, json=_json, who=actor_name, tone=_tone)
    source = files("interlock.cli").joinpath("page.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source).render(
        state=state,
        digest=history.events[-1].digest,
        rows=[*_rows(history, proofs)],
        drawn=[*_drawn(found, state)],
        decisions=[Decision(one, _json(about.get(one.activity))) for one in state.decisions],
        effects=history.ledger(),
        result=None if state.status != "completed" else state.image.plain(state.result),
        error="" if state.error is None else error_text(state.error),
        proofs=proofs,
        seals={proof.seal.digest: proof.seal for proof in proofs.values()}.values(),
    )


def _rows(history: History, proofs: Mapping[int, Proof]) -> Iterator[Row]:
    phrases, before, variables = Phrases(), "", "{}"
    for event, state, subject in read_through(history.events):
        now = _json(state.variables)
        yield Row(
            event,
            _instant(event.at),
            actor_name(event.actor),
            phrases.of(event, state, subject),
            _json(msgspec.to_builtins(event.body)),
            "" if event.state == before else event.state,
            "" if now == variables else now,
            proofs.get(event.version),
        )
        before, variables = event.state, now


def _drawn(found: Evidence, state: RunState) -> Iterator[Drawn]:
    """The definitions, the one that it follows now first, with where it is and has been."""
    last: RunState | None = None
    visited: dict[str, None] = {}
    for event in found.history.events:
        last = evolve(last, event)
        visited.update(dict.fromkeys(last.configuration))
    for one in sorted(found.definitions, key=lambda one: one.hash != state.hash):
        at = state.configuration if one.hash == state.hash else ()
        picture = svg(Machine.from_json(one.ir), at=at, visited=[*visited])
        yield Drawn(one, Markup(picture))


def _tone(word: str) -> str:
    """How a status is coloured."""
    return "good" if word in _GOOD else "bad" if word in _BAD else "plain"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
