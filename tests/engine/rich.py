"""Workflows that use much of the vocabulary at once, for the laws of crashes and replay."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from engine.fans import Bad, minor, twice, work
from interlock.machines import (
    Command,
    Err,
    Handle,
    Ok,
    TimedOut,
    Workflow,
    approval,
    each,
    now,
    parallel,
    race,
    received,
    settle,
    skip,
    sleep,
    start,
    start_child,
    wait_for,
    workflow,
)


class Note(Command):
    text: str


class Stop(Command):
    pass


@dataclass
class Shelf:
    """Things under way, and what came of them."""

    under_way: list[Handle[list[int]]] = field(default_factory=list[Handle[list[int]]])
    done: dict[str, Any] = field(default_factory=dict[str, Any])


async def review(shelf: dict[str, Any], who: str) -> list[Any]:
    kept = shelf["notes"]
    first = await work(len(who))
    kept.append(first)
    decision = await approval(who, about=kept)
    kept.append(decision.granted)
    a, b = await parallel(work(1), twice(2))
    return [kept, a, b, shelf["notes"] is kept]


@workflow
async def reviewing(names: list[str]) -> list[Any]:
    shelf: dict[str, Any] = {"notes": list[Any]()}
    found = await settle(*[review(shelf, who) for who in names])
    return [shelf, *(one.value for one in found if isinstance(one, Ok))]


async def careful(n: int) -> list[int]:
    try:
        return await work(n)
    except asyncio.CancelledError:
        await work.named("clean up")(n)
        raise


@workflow
async def rich_race(n: int) -> list[Any]:
    done: list[Any] = []
    won = await race(a=careful(n), b=careful(n + 1), note=wait_for(Note), late=sleep("90 days"))
    done.append(won.name)
    try:
        await parallel(careful(-1), careful(n), twice(n))
    except Bad as error:
        done.append(str(error))
    other = await race(wait_for(Stop, timeout="30 minutes"), sleep("45 minutes"), sleep("1 day"))
    done.append(other.name)
    return done


@workflow
async def collecting(n: int) -> list[Any]:
    shelf = Shelf()
    for i in range(n):
        shelf.under_way.append(start(work.named("begun")(i)))
    kid = start_child(minor, n, id="kid")
    loose = start(twice(9))
    shelf.done["first"] = await work(0)
    alias = shelf.under_way
    while alias:
        handle = alias.pop()
        shelf.done[handle.id] = await handle
    loose.cancel()
    gone = await settle(loose)
    unused = start(work.named("unused")(1))
    shelf.done["gone"] = isinstance(gone, Err)
    return [shelf.done, await kid, unused.id]


@workflow
async def rich_talk(n: int) -> list[Any]:
    notes: list[str] = []
    deadline = now()
    early = await received(Note)
    if early is None:
        skip("nobody was early")
    for _ in range(n):
        try:
            match await wait_for(Note, Stop, timeout="20 minutes"):
                case Stop():
                    break
                case Note(text=text):
                    notes.append(text)
                    await work(len(notes))
        except TimedOut:
            notes.append("late")
    return [notes, now() >= deadline]


async def bundle(n: int) -> list[Any]:
    made = await each(minor, [n, -1, n + 1], concurrency=2, on_error="collect")
    return [isinstance(one, Ok) for one in made]


@workflow
async def families(n: int) -> list[Any]:
    a, b = await asyncio.gather(bundle(n), bundle(n + 2))
    try:
        await minor(-3)
    except Bad as error:
        b.append(error.args)
    return [a, b]


RICH: dict[str, tuple[Workflow[..., Any], Any]] = {
    "reviewing": (reviewing, ["ann", "bo"]),
    "racing": (rich_race, 4),
    "collecting": (collecting, 3),
    "talking": (rich_talk, 4),
    "families": (families, 2),
}
"""Each with its input."""
