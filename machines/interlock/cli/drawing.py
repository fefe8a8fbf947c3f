"""`graph`: a machine as a diagram, with a run marked in it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from interlock.cli.errors import NotStored
from interlock.cli.machine_files import machine_at, tell_left_out
from interlock.cli.render import print_document
from interlock.cli.stores import events_of_run, reading, run_async
from interlock.machines.draw import dot, mermaid, svg
from interlock.machines.ir import Machine
from interlock.projections import History, RunState, evolve, node_of
from interlock.store.event import Event


def draw(store: str, target: str, language: str, run: str, *, as_json: bool) -> None:
    """Print the diagram of a machine, or of a run's machine."""
    machine = machine_at(target) if target else None
    at, visited, marked = None, list[str](), list[str]()
    if run:
        events, stored = run_async(_run(store, run))
        moments = [moment.configuration for moment in History(events)]
        been, active = _inside(events)
        visited = list(dict.fromkeys([*(state for moment in moments for state in moment), *been]))
        at, marked = events[-1].state, list(dict.fromkeys([*moments[-1], *active]))
        if machine is None:
            machine = stored
        elif machine.hash != events[-1].hash:
            told = f"note: {run} follows {events[-1].machine} {events[-1].hash}, not {machine.hash}"
            print(told, file=sys.stderr)
    if machine is None:
        message = f"the database has no definition for run {run!r}; name its machine: MODULE:NAME"
        raise NotStored(message)
    marked = [state for state in marked if state in machine.by_id] or marked[:1]
    text = _text(machine, language, marked, visited)
    if not as_json:
        print(text.rstrip("\n"))
        return
    print_document(
        {
            "machine": machine.name,
            "hash": machine.hash,
            "run": run or None,
            "at": at,
            "visited": visited,
            "format": language,
            "text": text,
        }
    )


def _inside(events: Sequence[Event]) -> tuple[list[str], list[str]]:
    """The states of branches and joins that a run has been in, and those that it is in now."""
    state: RunState | None = None
    been: dict[str, None] = {}
    for event in events:
        state = evolve(state, event)
        begun = state.pending.get(getattr(event.body, "activity", ""))
        if begun is not None and begun.within is not None and not begun.within.handle:
            been.setdefault(node_of(state, begun))
    pending = () if state is None else state.pending.values()
    active = [a for a in pending if a.within is not None and not a.within.handle]
    return list(been), [] if state is None else [node_of(state, activity) for activity in active]


def _text(machine: Machine, language: str, marked: list[str], visited: list[str]) -> str:
    if language == "json":
        return machine.to_json()
    if language == "scxml":
        from interlock.machines.interchange import LeftOut, to_scxml

        left_out: list[LeftOut] = []
        text = to_scxml(machine, left_out=left_out)
        tell_left_out(left_out)
        return text
    drawn = {"dot": dot, "svg": svg}.get(language, mermaid)
    return drawn(machine, at=marked, visited=visited)


async def _run(url: str, run: str) -> tuple[list[Event], Machine | None]:
    async with reading(url) as store:
        events = await events_of_run(store, run)
        definition = await store.definition(events[-1].hash)
        return events, None if definition is None else Machine.from_json(definition.ir)
