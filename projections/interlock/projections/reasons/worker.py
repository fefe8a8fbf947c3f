"""What keeps a run from being moved when there is something to do: nobody drives it, or cannot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from interlock.projections.held import held_cause
from interlock.projections.instants import span
from interlock.projections.reasons.facts import Facts
from interlock.projections.reasons.giving_up import give_up, leave
from interlock.projections.why import Action, Cause
from interlock.store.board import Board, Seen

SILENT = timedelta(seconds=15)
"""A worker that lives gives a sign of life every second."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why nothing that is due to a run is done.

    Attributes:
        cause: as a code.
        said: in words.
        actions: what can be done about it.
    """

    cause: Cause
    said: str
    actions: tuple[Action, ...] = ()


def obstacle(facts: Facts) -> Obstacle | None:
    """What keeps a worker from moving the run; None where nothing does, as far as is known."""
    if facts.state.held:
        return Obstacle(held_cause(facts.state.held), "the run is held")
    seen = facts.worker
    if seen is None:
        return Obstacle("no_worker", "no worker serves this database", (_work(facts),))
    board = seen.board
    name = "the worker" if board is None else f"the worker ({board.worker})"
    if seen.silent > SILENT:
        said = (
            f"{name} has the database, but gave no sign of life for {span(seen.silent)}: "
            "a call blocks it, or it was stopped; end that process, then start another"
        )
        return Obstacle("worker_silent", said, (_work(facts),))
    return None if board is None else _cannot(facts, board, name)


def _cannot(facts: Facts, board: Board, name: str) -> Obstacle | None:
    """What the board says against it."""
    state = facts.state
    if state.run in board.troubled:
        trouble = board.troubled[state.run]
        found = held_cause(trouble)
        return Obstacle(found, f"{name} cannot record anything: {trouble}")
    served = _served(facts, board, name)
    if served is not None:
        return served
    lacking = board.lacking.get(state.hash, "")
    if lacking:
        return Obstacle("resource_missing", f"{name} lacks a resource: {lacking}")
    if state.run in board.stuck:
        why = board.stuck[state.run]
        return Obstacle(held_cause(why), f"{name} cannot move it: {why}")
    if not board.recovers and state.run not in board.driven:
        said = (
            f"{name} is a command that sees to its own runs only, until it ends; then a worker is "
            "needed"
        )
        return Obstacle("not_recovered", said, (_work(facts),))
    return None


def _served(facts: Facts, board: Board, name: str) -> Obstacle | None:
    state = facts.state
    if board.serves is None:
        return None
    hashes = board.serves.get(state.machine)
    if hashes is None:
        said = (
            f"{name} does not have the code of {state.machine}: its module is not imported there; "
            "a database has one worker at a time"
        )
        modules = dict.fromkeys((*board.modules, facts.module))
        instead = Action("end that process, and start one that has it as well", ("work", *modules))
        return Obstacle("code_missing", said, (instead, *leave(facts)))
    if facts.changed and edited(facts):
        said = f"{name} cannot go on with it: {facts.changed}"
        return Obstacle("definition_changed", said, give_up(facts))
    return None


def misfit(facts: Facts) -> str:
    """Why the run cannot go on when it should move, for its code was edited; "" where it can.

    The worker's code decides, and without one the code that is imported here.
    """
    state, board = facts.state, None if facts.worker is None else facts.worker.board
    if state.ended is not None or state.held:
        return ""
    if facts.changed is not None:
        return facts.changed
    if board is not None:
        known = board.stuck.get(state.run, "")
        if held_cause(known) == "definition_changed":
            return known
        if state.hash in (board.serves or {}).get(state.machine, ()):
            return ""
    return facts.imported


def stopped(facts: Facts) -> str:
    """Why a run takes nothing that comes, as long as nobody mends something; "" where it does.

    One that is held by an error is tried again when something comes.
    """
    state = facts.state
    if state.ended is not None or facts.changed == "":
        return ""
    causes = ("definition_changed", "code_missing", "resource_missing")
    return misfit(facts) or (state.held if held_cause(state.held) in causes else "")


def edited(facts: Facts) -> str:
    """That the worker has another definition than the run follows, "" where it has not."""
    board = None if facts.worker is None else facts.worker.board
    hashes = [] if board is None or board.serves is None else board.serves.get(facts.state.machine)
    if not hashes or facts.state.hash in hashes:
        return ""
    return (
        f"its worker has another definition ({', '.join(hashes)}) than it follows "
        f"({facts.state.hash}); whether it can go on under that one is decided when it moves: "
        f"interlock deploy-check {facts.module} says so before"
    )


def _work(facts: Facts) -> Action:
    return Action("start a worker", ("work", facts.module))


def names_worker(seen: Seen | None) -> str:
    """The worker's name, "" for none."""
    if seen is None:
        return ""
    return "unknown" if seen.board is None else seen.board.worker
