"""The fixtures and options of pytest: `pytest_plugins = ["interlock.testing"]`.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from interlock.testing.clock import VirtualClock
from interlock.testing.environment import Environment
from interlock.testing.errors import HarnessError
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


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a test that asks for `interlock_env` where nothing runs async tests."""
    if "interlock_env" not in getattr(item, "fixturenames", ()):
        return
    why = unawaited(item)
    if why:
        pytest.fail(str(HarnessError(f"interlock_env: {why}")), pytrace=False)


def unawaited(item: pytest.Item) -> str:
    """Why a test cannot await anything, "" when it can."""
    asyncio = item.config.pluginmanager.hasplugin("asyncio")
    anyio = "anyio_backend" in getattr(item, "fixturenames", ())
    if anyio or (asyncio and item.get_closest_marker("asyncio")):
        return ""
    if not asyncio:
        return (
            "nothing here runs async tests; `pip install pytest-asyncio` and write "
            '`asyncio_mode = auto` under [pytest] in pytest.ini (`asyncio_mode = "auto"` under '
            "[tool.pytest.ini_options] in pyproject.toml); or use anyio, and mark the test "
            "@pytest.mark.anyio"
        )
    function: Any = getattr(item, "obj", None)
    inner = getattr(getattr(function, "hypothesis", None), "inner_test", function)
    if not inspect.iscoroutinefunction(inner):
        return f"{item.name} awaits nothing; write `async def {item.name}`"
    return (
        "pytest-asyncio does not know that this is a test of its own; write `asyncio_mode = auto` "
        "in the configuration of pytest, or mark the test @pytest.mark.asyncio"
    )


def _async_fixture() -> Callable[..., Any]:
    """What makes a fixture of an async generator, whatever runs the async tests."""
    try:
        from pytest_asyncio import fixture
    except ImportError:  # anyio takes plain ones
        return pytest.fixture
    return fixture


interlock_env = _async_fixture()(name="interlock_env")(_interlock_env)
