"""What people see of breakers on the command line, and what they say there."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interlock.cli.app import build
from interlock.engine import Engine
from resilience import composed, services
from resilience.services import CALLS


@pytest.fixture(autouse=True)
def _clean() -> None:
    services.forget()


async def il(url: str, *arguments: str) -> str:
    """What a command prints, of another thread: the engine of the test goes on meanwhile."""

    def invoke() -> str:
        words = [*arguments, "--store", url]
        result = CliRunner().invoke(build(boxes=False), words, prog_name="interlock")
        assert result.exit_code == 0, result.output
        return result.stdout

    return await asyncio.to_thread(invoke)


async def test_a_breaker_is_opened_seen_and_closed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    async with Engine(url) as engine:
        await engine.runs()
        assert await il(url, "breakers") == "BREAKER  STATE  SINCE  UNTIL  WHY  BY\n"
        said = await il(url, "breaker", "waits", "--open", "--by", "ann", "--reason", "it moves")
        assert said.splitlines()[0] == "breaker waits open"
        assert (await engine.breaker("waits").state()).state == "open"
        run = await engine.start(composed.paid_beside, "bob", id="run")
        await engine.settle()
        shown = await il(url, "show", "run")
        assert "step pay, waiting for breaker waits, attempt 1" in shown
        assert "breaker waits" in await il(url, "runs", "--status", "waiting")
        assert "waits for breaker waits: open: it moves" in await il(url, "history", "run")
        (row,) = (await il(url, "breakers")).splitlines()[1:]
        assert row.split()[:2] == ["waits", "open"]
        assert row.split()[-3:] == ["it", "moves", "ann"]
        assert CALLS == ["beside"]
        closed = await il(url, "breaker", "waits", "--close", "--by", "bob", "--json")
        assert [(m["state"], m["by"]) for m in json.loads(closed)["moves"]] == [
            ("open", "ann"), ("closed", "bob"),
        ]  # fmt: skip
        assert await run.result() == ("pay 2", "beside 1")
        assert json.loads(await il(url, "breakers", "--json"))["state"] == "closed"


async def test_a_breaker_that_never_moved_is_told_apart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    async with Engine(url, worker=False):
        pass
    arguments = ["breaker", "nobody", "--store", url]
    result = await asyncio.to_thread(CliRunner().invoke, build(boxes=False), arguments)
    assert result.exit_code == 1
    assert "no breaker 'nobody' ever moved" in result.stderr
