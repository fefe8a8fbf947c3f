"""Move the customers of a shop from their old table into the new one, each by itself."""

import sqlite3
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager

from pydantic import BaseModel

from interlock.machines import Batch, each, partition, resource, step, workflow


class NoEmail(Exception):
    """A customer without an email address cannot be moved."""


class Report(BaseModel):
    moved: int
    failed: list[str]


@step
async def customers(shop: sqlite3.Connection = resource()) -> list[int]:
    return [number for (number,) in shop.execute("SELECT id FROM old ORDER BY id")]


@step(raises=NoEmail)
async def move(customer: int, shop: sqlite3.Connection = resource()) -> None:
    (email,) = shop.execute("SELECT email FROM old WHERE id = ?", (customer,)).fetchone()
    if not email:
        raise NoEmail(f"customer {customer}")
    shop.execute(
        "INSERT INTO new (id, email) VALUES (?, lower(?))"
        " ON CONFLICT (id) DO UPDATE SET email = excluded.email, writes = writes + 1",
        (customer, email),
    )


@workflow
async def migration() -> Report:
    numbers = await customers()
    batch = Batch(size=1000, concurrency=5, delay="50 ms")
    outcomes = await each(move, numbers, batch=batch, on_error="collect")
    moved, failed = partition(outcomes)
    return Report(moved=len(moved), failed=[str(error) for error in failed])


@contextmanager
def open_shop() -> Generator[sqlite3.Connection]:
    with closing(sqlite3.connect("shop.db", isolation_level=None)) as shop:
        yield shop


resources = {sqlite3.Connection: open_shop}  # `interlock run` and `work` give these to the steps


def fill(count: int) -> None:
    """A shop to try it with; one of its customers has no email address."""
    with open_shop() as shop:
        shop.execute("PRAGMA journal_mode = wal")
        shop.execute("CREATE TABLE old (id INTEGER PRIMARY KEY, email TEXT)")
        shop.execute("CREATE TABLE new (id INTEGER PRIMARY KEY, email TEXT, writes INT DEFAULT 1)")
        emails = ("" if n == 77 else f"C{n}@Example.com" for n in range(1, count + 1))
        shop.execute("BEGIN")
        shop.executemany("INSERT INTO old (email) VALUES (?)", ((email,) for email in emails))
        shop.execute("COMMIT")


if __name__ == "__main__":
    fill(int(sys.argv[1]))
