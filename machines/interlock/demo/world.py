"""The simulated world: one SQLite file for all that the shop calls and does not control."""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from interlock.demo.errors import DemoError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS request (
    key TEXT NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (key, kind)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS charge (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, "order" TEXT NOT NULL, payment TEXT NOT NULL,
    amount TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS charge_key ON charge (key);
CREATE TABLE IF NOT EXISTS refund (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, receipt TEXT NOT NULL, amount TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS refund_key ON refund (key);
CREATE TABLE IF NOT EXISTS reservation (
    key TEXT PRIMARY KEY, "order" TEXT NOT NULL, released INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS parcel (key TEXT PRIMARY KEY, "order" TEXT NOT NULL, carrier TEXT);
"""

_open: dict[str, World] = {}


class World:
    """What the payment provider, the warehouse and the carrier remember, durably.

    Every answer is committed before it is given, so a client that is killed meets a world that
    knows what it had asked for. What goes wrong is drawn from the seed and the idempotency key
    alone: the same in every process and after every restart.

    Attributes:
        path: the file.
        seed: of what goes wrong; None for a world that was not set up yet.
        latency: longest time that an answer takes, in seconds.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        # The file survives the death of any process as it is; only a power cut could harm it.
        self._file = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.executescript(_SCHEMA)
        settings = dict(self.rows("SELECT name, value FROM setting"))
        self.seed: int | None = int(settings["seed"]) if settings else None
        self.latency = float(settings.get("latency", 0))

    def configure(self, seed: int, latency: float) -> None:
        """Keep the seed and the latency, for every process that opens the file."""
        with self.transaction():
            for name, value in (("seed", seed), ("latency", latency)):
                self.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", name, str(value))
        self.seed, self.latency = seed, latency

    def disconnect(self) -> None:
        """Close the file; the world is of no use afterwards."""
        self._file.close()

    @classmethod
    def create(cls, path: str, *, seed: int, latency: float = 0.0) -> World:
        """The world of a new demo, or the one that exists at `path`.

        Raises:
            DemoError: it exists and was made with another seed.
        """
        world = _open[path] = _open.get(path) or cls(path)
        if world.seed not in (None, seed):
            text = (
                f"{path} is the world of a demo with seed {world.seed}; "
                f"use that seed, or another --store than this one"
            )
            raise DemoError(text)
        world.configure(seed, latency)
        return world

    @classmethod
    def at(cls, path: str) -> World:
        """The world that an order names.

        Raises:
            DemoError: its file is gone.
        """
        world = _open.get(path)
        if world is None:
            if not Path(path).exists():
                text = f"the simulated world of this demo is gone: there is no {path}"
                raise DemoError(text)
            world = _open[path] = cls(path)
        return world

    @staticmethod
    def remove(path: str) -> None:
        """Delete the world at `path`, if there is one."""
        World.close(path)
        for suffix in ("", "-wal", "-shm"):
            Path(path + suffix).unlink(missing_ok=True)

    @staticmethod
    def close(path: str) -> None:
        """Close the file, if this process has it open."""
        world = _open.pop(path, None)
        if world is not None:
            world.disconnect()

    def draw(self, *about: object) -> float:
        """A number from 0 to 1 that depends on the seed and on `about`, and on nothing else."""
        words = "/".join(map(str, (self.seed, *about)))
        return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8]) / 2**64

    async def answer_time(self, *about: object) -> None:
        """Take the time that an answer takes."""
        if self.latency:
            await asyncio.sleep(self.latency * self.draw("latency", *about))

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All or nothing, and durable when left."""
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")

    def count_request(self, key: str, kind: str) -> None:
        """Note one more request with this key."""
        self.execute(
            "INSERT INTO request VALUES (?, ?, 1) "
            "ON CONFLICT (key, kind) DO UPDATE SET count = count + 1",
            key,
            kind,
        )

    def execute(self, sql: str, *values: object) -> None:
        """Run one statement."""
        self._file.execute(sql, values)

    def rows(self, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        """The rows of a query."""
        return self._file.execute(sql, values).fetchall()


@atexit.register
def _close_all() -> None:
    for path in [*_open]:
        World.close(path)
