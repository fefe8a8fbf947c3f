"""Raw floors: what the same work costs without Interlock, on the same file system."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

T = TypeVar("T")
Report = Callable[[str], None]
"""Adds a line to the report at the end."""


class Timed(Protocol):
    """Runs something so many times under pytest-benchmark; its last result."""

    def __call__(self, work: Callable[[], T], rounds: int) -> T: ...


def bare_commits(folder: Path, count: int) -> list[float]:
    """Seconds of each of `count` committed one-row inserts (WAL, synchronous=FULL)."""
    db = sqlite3.connect(folder / "floor.db", isolation_level=None)
    db.execute("pragma journal_mode=wal")
    db.execute("pragma synchronous=full")
    db.execute("create table if not exists t (id integer primary key, stream text, state blob)")
    row = ("order-17", b"x" * 400)
    spent: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        db.execute("begin")
        db.execute("insert into t (stream, state) values (?, ?)", row)
        db.execute("commit")
        spent.append(time.perf_counter() - began)
    db.close()
    return spent


def bare_groups(folder: Path, commits: int, rows: int) -> float:
    """Seconds of so many commits of so many rows each, without anything else."""
    db = sqlite3.connect(folder / "groups.db", isolation_level=None)
    db.execute("pragma journal_mode=wal")
    db.execute("pragma synchronous=full")
    db.execute("create table if not exists t (id integer primary key, stream text, state blob)")
    group = [("order-17", b"x" * 400)] * rows
    began = time.perf_counter()
    for _ in range(commits):
        db.execute("begin")
        db.executemany("insert into t (stream, state) values (?, ?)", group)
        db.execute("commit")
    spent = time.perf_counter() - began
    db.close()
    return spent


def median(values: list[float]) -> float:
    """The middle one."""
    return sorted(values)[len(values) // 2]


def mean(values: list[float]) -> float:
    """Their sum through their number."""
    return sum(values) / len(values)
