"""`interlock demo --kill`: a worker that is killed again and again, and what is left in the end."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from interlock.demo.errors import DemoError
from interlock.demo.orders import RealOrder, real_orders
from interlock.demo.proof import Proof, prove
from interlock.demo.provider import Provider
from interlock.demo.runner import SEED, run_demo, world_path
from interlock.demo.summary import OnProgress, Outcome, Progress, Summary, outcome_of
from interlock.demo.world import World
from interlock.store.clock import stopwatch
from interlock.store.open import open_store


@dataclass(frozen=True, slots=True)
class KillReport:
    """What a demo with kills came to.

    Attributes:
        kills: how often the worker was killed.
        proof: that nothing was lost or doubled.
        summary: of all workers together.
        repeated: requests to the provider with an idempotency key that it knew.
        by_kills: how many more of them there were than in an undisturbed demo, whose retries
            repeat their key as well.
        doubled: payments that were charged more than once.
        seconds: all of it took, the proof included.
    """

    kills: int
    proof: Proof
    summary: Summary
    repeated: int
    by_kills: int
    doubled: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Job:
    store_url: str
    world: str
    scale: int
    limit: int | None
    seed: int
    latency: float | None

    @property
    def command(self) -> list[str]:
        """The worker's command line."""
        options = {
            "--scale": self.scale, "--limit": self.limit, "--seed": self.seed,
            "--latency": self.latency,
        }  # fmt: skip
        given = [f"{name}={value}" for name, value in options.items() if value is not None]
        return [sys.executable, "-m", "interlock.demo.worker", self.store_url, *given]

    def orders(self) -> list[RealOrder]:
        """What the worker is given to do."""
        return real_orders(self.world, scale=self.scale, limit=self.limit)


async def run_killed(
    store_url: str,
    *,
    scale: int = 1,
    limit: int | None = None,
    seed: int = SEED,
    latency: float | None = None,
    progress: OnProgress | None = None,
) -> KillReport:
    """Run the demo in a worker process, kill that at random moments until the job is done, prove.

    Args:
        store_url: an SQLite file; see `run_demo` for the rest.
        seed: also of the moments.
        progress: called with the events and steps that all workers recorded together.

    Raises:
        DemoError: the store is in memory, nothing is left to do in it, or the worker failed.
    """
    path = world_path(store_url)
    if path is None:
        text = f"a worker process that is killed needs a file, and {store_url} is none"
        raise DemoError(text)
    began = stopwatch()
    job = _Job(store_url, path, scale, limit, seed, latency)
    orders = job.orders()
    await _something_to_do(job, orders)
    kills, summary = await _Supervisor(job, len(orders), progress).run()
    worked = stopwatch() - began
    reference, retries = await _reference(seed, scale, limit)
    store = open_store(store_url, readonly=True)
    try:
        world = World.at(path)
        proof = await prove(store, world, orders, reference)
        book = Provider(world).book()
    finally:
        World.close(path)
        await store.close()
    return KillReport(
        kills=kills,
        proof=proof,
        summary=replace(summary, steps=proof.steps, events=proof.events, seconds=worked),
        repeated=book.repeated,
        by_kills=max(0, book.repeated - retries),
        doubled=len(book.doubled),
        seconds=stopwatch() - began,
    )


async def undisturbed(
    *, seed: int = SEED, scale: int = 1, limit: int | None = None
) -> dict[str, Outcome]:
    """The outcome of each order in a demo that nobody kills."""
    return (await _reference(seed, scale, limit))[0]


async def _reference(seed: int, scale: int, limit: int | None) -> tuple[dict[str, Outcome], int]:
    """The outcomes, and how many requests repeated a key, of a demo that nobody kills."""
    store = open_store("memory://")
    try:
        summary = await run_demo(store, seed=seed, scale=scale, limit=limit, latency=0)
        reals = real_orders("", scale=scale, limit=limit)
        outcomes = {real.order.id: await outcome_of(store, real) for real in reals}
        return outcomes, summary.repeated
    finally:
        await store.close()


async def _something_to_do(job: _Job, orders: Sequence[RealOrder]) -> None:
    if not _exists(job.store_url):
        return
    store = open_store(job.store_url, readonly=True)
    try:
        verdicts = {(await outcome_of(store, real)).verdict for real in orders}
    finally:
        await store.close()
    if not verdicts & {"missing", "unfinished"}:
        text = f"{job.store_url} holds a finished demo: nothing is left to kill; name a new --store"
        raise DemoError(text)


def _exists(store_url: str) -> bool:
    return Path(store_url.partition(":///")[2]).exists()


class _Supervisor:
    """Starts a worker, kills it, starts the next, until one of them finishes the job."""

    def __init__(self, job: _Job, orders: int, progress: OnProgress | None) -> None:
        self._job = job
        self._orders = orders
        self._progress = progress
        self._random = random.Random(job.seed)
        self._events = 0
        self._steps = 0

    async def run(self) -> tuple[int, Summary]:
        """How often it killed, and the summary of the last worker."""
        kills = 0
        while True:
            # Each worker gets somewhere before it dies, so the job ends.
            summary = await self._worker(self._random.randint(self._orders, 4 * self._orders))
            if summary is not None:
                return kills, summary
            kills += 1

    async def _worker(self, events: int) -> Summary | None:
        """Run one worker and kill it after so many events. Its summary when it was faster."""
        paths = os.pathsep.join(path for path in sys.path if path)
        with tempfile.TemporaryFile() as errors:
            worker = await asyncio.create_subprocess_exec(
                *self._job.command, stdin=DEVNULL, stdout=PIPE, stderr=errors,
                env=os.environ | {"PYTHONPATH": paths},
            )  # fmt: skip
            try:
                last = await self._listen(worker, events)
            finally:
                if worker.returncode is None:
                    worker.kill()
                rest, _ = await worker.communicate()
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
        if worker.returncode == 0:  # it was faster
            last = json.loads(rest.splitlines()[-1]) if rest else last
            return Summary(**last["summary"]) if last else None
        if worker.returncode != -signal.SIGKILL or last is None:
            text = f"the worker failed: {said or worker.returncode}"
            raise DemoError(text)
        self._events += last["events"]
        self._steps += last["steps"]
        return None

    async def _listen(self, worker: Process, events: int) -> dict[str, Any] | None:
        """Read the worker's reports until it is to be killed or is done.

        Its last report; None when it ended without any.
        """
        assert worker.stdout is not None
        last: dict[str, Any] | None = None
        while line := await worker.stdout.readline():
            report: dict[str, Any] = json.loads(line)
            if "summary" in report:
                await worker.wait()
                return report
            last = report["progress"]
            self._pass_on(Progress(**report["progress"]))
            if report["progress"]["events"] >= events:
                await asyncio.sleep(self._random.random() / 50)
                break
        return last

    def _pass_on(self, report: Progress) -> None:
        if self._progress is not None:
            events, steps = self._events + report.events, self._steps + report.steps
            total, done = report.total, report.done
            self._progress(Progress(total, done, events, steps, report.counts))
