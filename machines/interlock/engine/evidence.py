"""A run's evidence, gathered from a store; and a run taken over from its evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from interlock.audit import Proof, Prover, Seal, check_proof
from interlock.engine.auditing import read_definition
from interlock.engine.errors import UnknownRun
from interlock.machines.draw import mermaid
from interlock.machines.errors import MachineError
from interlock.machines.ir import Machine
from interlock.projections import Evidence, History, RunState, dump_evidence, evolve
from interlock.store.contract import Definition, Store
from interlock.store.decisions import ApprovalRequested
from interlock.store.inspection import Inspection, Raw

Line = Mapping[str, Any]


async def evidence(store: Store, run: str, seals: Sequence[Seal] = ()) -> str:
    """A run as JSON lines: events, definitions, picture, decisions, effects, chain.

    Args:
        seals: with these, a proof for each event that they cover.

    Raises:
        UnknownRun: there is none of this id.
        BrokenChain: it was altered.
    """
    events = await store.read(run)
    if not events:
        message = f"there is no run {run!r} in {store.url}"
        raise UnknownRun(message)
    history = History(events)
    history.verify()
    with store.inspect() as snapshot:
        return _gathered(snapshot, history, seals)


def _gathered(snapshot: Inspection, history: History, seals: Sequence[Seal]) -> str:
    upto = len(history)
    rows = [row for row in snapshot.rows(history.run) if row.version <= upto]
    followed = {event.hash for event in history.events}
    definitions = [one for one in snapshot.definitions() if one.hash in followed]
    commands = [
        (one.id, one.version)
        for one in snapshot.accepted()
        if one.run == history.run and one.version <= upto
    ]
    more = [*told(history, definitions), *_proofs(snapshot, rows, seals)]
    return dump_evidence(rows, history.events[-1].digest, definitions, commands, more)


def told(history: History, definitions: Sequence[Definition]) -> Iterator[Line]:
    """What follows from the events, for who reads them."""
    state, about = history.state(), facts_of(history)
    yield {
        "kind": "state",
        "machine": state.machine,
        "hash": state.hash,
        "state": state.state,
        "status": state.status,
        "started": _instant(state.started),
        "since": _instant(state.since),
        "variables": state.variables,
        "result": state.image.plain(state.result),
        "error": None if state.error is None else msgspec.to_builtins(state.error),
    }
    for one in state.decisions:
        yield {
            "kind": "decision",
            "approval": one.name,
            "granted": one.granted,
            "by": one.actor.id,
            "at": _instant(one.at),
            "reason": one.reason,
            "facts": one.facts,
            "about": about.get(one.activity),
            "votes": [msgspec.to_builtins(vote) for vote in one.votes],
        }
    for effect in history.ledger():
        yield {"kind": "effect", **msgspec.to_builtins(effect)}
    visited = list(dict.fromkeys(name for moment in history for name in moment.configuration))
    for definition in definitions:
        if definition.hash == state.hash:
            machine = Machine.from_json(definition.ir)
            text = mermaid(machine, at=state.configuration, visited=visited)
            yield {"kind": "picture", "hash": definition.hash, "mermaid": text}


def facts_of(history: History) -> dict[str, Any]:
    """What each approval was asked about, as plain JSON, by its activity."""
    found: dict[str, Any] = {}
    state: RunState | None = None
    for event in history.events:
        state = evolve(state, event)
        if isinstance(event.body, ApprovalRequested):
            found[event.body.activity] = state.image.plain(event.body.about)
    return found


def _proofs(snapshot: Inspection, rows: Sequence[Raw], seals: Sequence[Seal]) -> Iterator[Line]:
    prover, covered = Prover(snapshot, seals), seals[-1].last if seals else 0
    for row in rows:
        if row.position <= covered:
            yield {"kind": "proof", "proof": msgspec.to_builtins(prover.prove(row))}


def check_definitions(found: Evidence) -> None:
    """See that the definitions of some evidence are what their hashes say.

    Raises:
        MachineError: one is not.
    """
    for definition in found.definitions:
        wrong = read_definition(definition).wrong
        if wrong:
            message = f"definition {definition.hash} of {definition.name!r}: {wrong}"
            raise MachineError(message)


def _instant(at: datetime) -> str:
    return at.isoformat()


class _Proven(msgspec.Struct):
    """A line with a proof."""

    proof: Proof


def proofs_of(text: str) -> dict[int, Proof]:
    """The proofs of some evidence, by the version of their event; each holds.

    Raises:
        BadProof: one does not.
    """
    found: dict[int, Proof] = {}
    for line in text.split("\n"):
        if line.startswith('{"kind":"proof"'):
            proof = msgspec.json.decode(line, type=_Proven).proof
            check_proof(proof)
            found[proof.event.version] = proof
    return found
