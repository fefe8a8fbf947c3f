"""Commands whose output nobody reads to its end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from interlock.engine import Engine
from interlock.machines import step, workflow

MAIN = "from interlock.cli import main; main()"


@step
async def one(text: str) -> str:
    return text


@workflow(name="piped")
async def piped(text: str) -> str:
    for _ in range(3):
        text = await one(text + "!")
    return text


@pytest.fixture
async def url(tmp_path: Path) -> str:
    """A run whose history is larger than what a pipe holds."""
    found = f"sqlite:///{tmp_path}/runs.db"
    async with Engine(found, machines=[piped]) as engine:
        await (await engine.start(piped, "x" * 100_000, id="run")).result()
    return found


def told(url: str, *arguments: str, lines: int) -> tuple[int, str]:
    """The exit code, and the error output, where so many lines of the output are read."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", MAIN, *arguments, "--store", url],
            stdout=writer, stderr=subprocess.PIPE,
        )  # fmt: skip
        os.close(writer)
        for _ in range(lines):
            assert output.readline()
    _, said = process.communicate(timeout=60)
    return process.returncode, said.decode()


@pytest.mark.parametrize("lines", [0, 1])
def test_what_only_shows_something_is_over_when_nobody_reads(url: str, lines: int) -> None:
    assert told(url, "history", "run", "--json", lines=lines) == (0, "")


def test_what_does_something_comes_to_its_own_end(url: str) -> None:
    code, said = told(url, "cancel", "run", "--json", lines=0)
    assert (code, "completed and cannot be cancelled" in said) == (1, True)
    assert told(url, "verify", lines=0) == (0, "")
