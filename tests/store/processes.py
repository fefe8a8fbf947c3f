"""Programs that tests run as processes of their own, to be killed or to compete."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

from interlock.store import Conflict, Head, Store, crash, open_store
from interlock.store.vocabulary import StepSucceeded
from store.samples import commit


def spawn(program: str, *args: object) -> subprocess.Popen[str]:
    """Start one of the programs below; what it prints is read line by line."""
    return subprocess.Popen(
        [sys.executable, "-c", "from store.processes import main; main()", program]
        + [str(arg) for arg in args],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def say(*words: object) -> None:
    print(*words, flush=True)


async def append_until_killed(store: Store, streams: int, point: str, visit: int) -> None:
    """Three-event commits on many streams at once; each is reported once it is acknowledged."""

    async def feed(run: str) -> None:
        head = await store.head(run)
        while True:
            bodies = [StepSucceeded("a#1", "a", n) for n in range(3)]
            appended = await store.append(commit(run, head, bodies=bodies))
            head = appended.head
            say(run, *(event.id for event in appended.events))

    if point:
        crash.arm(point, visit)
    await asyncio.gather(*(feed(f"run-{n}") for n in range(streams)))


async def compete(store: Store, streams: int, rounds: int, name: str) -> None:
    """Append to streams that others append to as well, often with a head that is stale."""

    async def feed(run: str) -> None:
        head = Head()
        for turn in range(rounds):
            try:
                body = StepSucceeded("a#1", name, turn)
                appended = await store.append(commit(run, head, bodies=[body, body]))
            except Conflict:
                head = await store.head(run)
            else:
                head = appended.head
                say(run, *(f"{event.version}={event.id}" for event in appended.events))

    await asyncio.gather(*(feed(f"run-{n}") for n in range(streams)))


async def listen(store: Store, count: int) -> None:
    """Print the position of every event that is followed."""
    say("listening")
    async for event in store.follow():
        say(event.position, event.id)
        if event.position >= count:
            return


async def upgrade(url: str, point: str) -> None:
    """Open a file of an older schema, and die while it is upgraded if a point is named."""
    if point:
        crash.arm(point)
    store = open_store(url)
    say(len(await store.entries()), "runs")
    await store.close()


async def run(program: str, url: str, args: list[str]) -> None:
    if program == "upgrade":
        await upgrade(url, args[0])
        return
    store = open_store(url)
    if program == "append":
        await append_until_killed(store, int(args[0]), args[1], int(args[2]))
    elif program == "compete":
        await compete(store, int(args[0]), int(args[1]), args[2])
    elif program == "listen":
        await listen(store, int(args[0]))
    elif program == "work":
        say(store.acquire_worker())
        await asyncio.Event().wait()
    await store.close()


def main() -> None:
    """Run the program that the command line names: name, store's URL, and its own arguments."""
    asyncio.run(run(sys.argv[1], sys.argv[2], sys.argv[3:]))
