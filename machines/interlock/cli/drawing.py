"""`graph`: a machine as a diagram, with a run marked in it."""

from __future__ import annotations

import sys

from interlock.cli.errors import NotStored
from interlock.cli.render import print_document
from interlock.cli.stores import events_of_run, reading, run_async
from interlock.cli.target import load_target, machine_of
from interlock.machines.draw import dot, mermaid
from interlock.machines.ir import Machine
from interlock.projections import History
from interlock.store.event import Event


def draw(store: str, target: str, language: str, run: str, *, as_json: bool) -> None:
    """Print the diagram of a machine, or of a run's machine."""
    machine = machine_of(load_target(target)) if target else None
    at, visited, marked = None, list[str](), list[str]()
    if run:
        events, stored = run_async(_run(store, run))
        moments = [moment.configuration for moment in History(events)]
        visited = list(dict.fromkeys(state for moment in moments for state in moment))
        at, marked = events[-1].state, list(moments[-1])
        if machine is None:
            machine = stored
        elif machine.hash != events[-1].hash:
            told = f"note: {run} follows {events[-1].machine} {events[-1].hash}, not {machine.hash}"
            print(told, file=sys.stderr)
    if machine is None:
        message = f"the database has no definition for run {run!r}; name its machine: MODULE:NAME"
        raise NotStored(message)
    text = (dot if language == "dot" else mermaid)(machine, at=marked, visited=visited)
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


async def _run(url: str, run: str) -> tuple[list[Event], Machine | None]:
    async with reading(url) as store:
        events = await events_of_run(store, run)
        definition = await store.definition(events[-1].hash)
        return events, None if definition is None else Machine.from_json(definition.ir)
