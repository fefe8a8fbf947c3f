"""The fixtures and options of pytest: `pytest_plugins = ["interlock.testing"]`.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from interlock.testing.clock import VirtualClock
from interlock.testing.environment import Environment
from interlock.testing.script import Script
from interlock.testing.snapshot import FLAG, Snapshots


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options; they need `pytest_plugins` in the topmost `conftest.py`, or `-p`."""
    group = parser.getgroup("interlock", "interlock: runs and machines")
    group.addoption(
        FLAG, action="store_true", help="Keep the stories of runs as they are now (run_snapshot)."
    )


@pytest.fixture
def interlock_clock() -> VirtualClock:
    """The virtual time of `interlock_env`."""
    return VirtualClock()


@pytest.fixture
def interlock_script() -> Script:
    """The outcomes of the steps that runs in `interlock_env` call; empty at first."""
    return Script()


@pytest.fixture
def run_snapshot(request: pytest.FixtureRequest) -> Snapshots:
    """`run_snapshot(await run.story())` compares with what is kept beside the test."""
    node: pytest.Item = request.node
    update = bool(request.config.getoption(FLAG, default=False))
    return Snapshots(node.path, node.name, update=update)


async def _interlock_env(
    interlock_script: Script, interlock_clock: VirtualClock
) -> AsyncGenerator[Environment]:
    """An open `Environment` over a store in memory."""
    async with Environment(interlock_script, clock=interlock_clock) as env:
        yield env


def _async_fixture() -> Callable[..., Any]:
    """What makes a fixture of an async generator, whatever runs the async tests."""
    try:
        from pytest_asyncio import fixture
    except ImportError:  # anyio takes plain ones
        return pytest.fixture
    return fixture


interlock_env = _async_fixture()(name="interlock_env")(_interlock_env)
