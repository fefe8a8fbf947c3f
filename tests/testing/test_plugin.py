"""The fixtures in a project of somebody else: a clean folder, `pytest_plugins`, nothing more."""

from __future__ import annotations

import subprocess
import sys

import pytest

from interlock.machines import registry
from sample_orders import OrderLifecycle

pytest_plugins = ["pytester"]

SHOP = """
from interlock.machines import approval, step, workflow

@step
async def charge(amount: int) -> str:
    raise RuntimeError("a real call")

@workflow
async def buying(amount: int) -> str:
    paid = await charge(amount)
    decision = await approval("manager", about=paid, timeout="2 days")
    return f"{paid} {decision.granted}"
"""

CONFTEST = 'pytest_plugins = ["interlock.testing"]\n'

INI = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
addopts = -p no:cacheprovider -p no:benchmark -p no:timeout -p no:hypothesispytest
"""

TEST = """
from buying_shop import buying, charge

async def test_buying(interlock_env, interlock_script, run_snapshot):
    interlock_script.always(charge, "p-{number}")
    run = await interlock_env.start(buying, 7)
    await interlock_env.grant(run, by="ann")
    assert await run.result() == "p-{number} True"
    run_snapshot(await run.story())
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    OrderLifecycle.program()  # what is first imported inside of pytester is imported twice
    monkeypatch.setattr(registry, "_known", {})
    pytester.makeconftest(CONFTEST)
    pytester.makeini(INI)
    pytester.makepyfile(buying_shop=SHOP)
    pytester.makepyfile(test_buying=TEST.replace("{number}", "1"))
    return pytester


def test_the_fixtures_serve_a_project_and_snapshots_are_compared(project: pytest.Pytester) -> None:
    done = project.runpytest_inprocess()
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*no snapshot is kept in*--run-snapshot-update to write it*"])
    project.runpytest_inprocess("--run-snapshot-update").assert_outcomes(passed=1)
    kept = (project.path / "__snapshots__" / "test_buying" / "test_buying.txt").read_text()
    assert "manager was granted by ann" in kept
    project.runpytest_inprocess().assert_outcomes(passed=1)
    project.makepyfile(test_buying=TEST.replace("{number}", "2"))
    changed = project.runpytest_inprocess()
    changed.assert_outcomes(failed=1)
    changed.stdout.fnmatch_lines(
        ["*the run is not as in*", '*-  charge returned "p-1"', '*+  charge returned "p-2"']
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ["-p", "no:asyncio", "-o", "asyncio_mode="],
            "nothing here runs async tests; `pip install",
        ),
        (["-o", "asyncio_mode=strict"], "or mark the test @pytest.mark.asyncio"),
    ],
)
def test_an_environment_that_nobody_can_await_says_what_to_install(
    project: pytest.Pytester, options: list[str], told: str
) -> None:
    done = project.runpytest_subprocess(*options, "-W", "ignore")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines([f"ILK320: interlock_env: *{told}*"])


def test_a_test_that_is_not_async_cannot_use_the_environment(project: pytest.Pytester) -> None:
    project.makepyfile(test_buying="def test_buying(interlock_env): ...")
    done = project.runpytest_inprocess()
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*test_buying awaits nothing; write `async def test_buying`"])


def test_nothing_is_loaded_by_itself(project: pytest.Pytester) -> None:
    project.makeconftest("")
    done = project.runpytest_inprocess()
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*fixture 'interlock_env' not found*"])


def test_importing_the_package_is_cheap() -> None:
    code = (
        "import sys, interlock.testing; "
        "print([m for m in ('pytest', 'hypothesis', 'pydantic', 'interlock.engine') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


LIFECYCLE = """
from enum import StrEnum
from pydantic import BaseModel
from interlock.machines import Command, Lifecycle, on

class Door(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    LOCKED = "locked"

class Data(BaseModel):
    key: bool = False

class Close(Command): ...
class Lock(Command): ...

def has_key(data: Data, command: Lock) -> bool:
    return data.key

class DoorLifecycle(Lifecycle[Door, Data], initial=Door.OPEN, final={Door.LOCKED}):
    @on(Close, source=Door.OPEN, target=Door.CLOSED)
    def close(self, data: Data, command: Close) -> Data:
        return data

    @on(Lock, source=Door.CLOSED, target=Door.LOCKED, guard=has_key)
    def lock(self, data: Data, command: Lock) -> Data:
        return data
"""

COVERED = """
import pytest
from buying_shop import buying, charge
from door_shop import Close, Data, Door, DoorLifecycle, Lock
from interlock.testing import Scenario

@pytest.mark.parametrize("number", range(3))
async def test_buying(interlock_env, interlock_script, number):
    interlock_script.always(charge, "p-1")
    run = await interlock_env.start(buying, number)
    await interlock_env.grant(run, by="ann")

def test_closing():
    Scenario(DoorLifecycle).given(Close()).when(Lock()).refused("has_key")

def test_no_door():
    Scenario(DoorLifecycle).when(Lock()).refused()
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_coverage_of_machines_is_told_at_the_end(project: pytest.Pytester, workers: int) -> None:
    project.makepyfile(door_shop=LIFECYCLE, test_buying=COVERED)
    options = ["--machine-coverage", "--machine-coverage-picture=drawn"]
    options += ["--machine-coverage-json=seen.json", "--machine-coverage-fail-under=60"]
    done = project.runpytest_inprocess(*options, *(["-n", "2"] if workers else []))
    done.assert_outcomes(passed=5)
    done.stdout.fnmatch_lines(
        [
            "machine *runs*states*transitions*guards*refusals*failures*undos*covered",
            "DoorLifecycle *2 * 2/3 * 1/2 * 1/2 * 1/2 * - * - * 56%",
            "buying *3 * 3/3 * 3/3 * - * - * 0/2 * - * 75%",
            "DoorLifecycle:",
            "  never in tests: state locked*",
            "60% of the machines is reached: it is 6*%",
        ]
    )
    assert done.ret == 0
    assert "style locked fill:#fed7d7" in (project.path / "drawn/DoorLifecycle.mmd").read_text()
    assert '"buying"' in (project.path / "drawn/buying.dot").read_text()
    assert (project.path / "seen.json").stat().st_size


def test_too_little_coverage_fails(project: pytest.Pytester) -> None:
    project.makepyfile(door_shop=LIFECYCLE, test_buying=COVERED)
    done = project.runpytest_inprocess(
        "--machine-coverage-of=buying", "--machine-coverage-fail-under=90"
    )
    done.assert_outcomes(passed=5)
    done.stdout.fnmatch_lines(["90% of the machines is NOT reached: it is 75.0%"])
    assert done.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("-since=soon", "--machine-coverage-store=URL as well"),
        ("-archives=nowhere", "--machine-coverage-store=URL as well"),
        ("-fail-under=900", "write a share of 100"),
        ("-json=nowhere/seen.json", "there is no folder nowhere"),
        ("-json=.", "that is a folder"),
        ("-picture=conftest.py", "that is a file"),
        ("-store=sqlite:///nix.db", "ILK001: *nix.db does not exist"),
        ("-store=sqlite:///nix.db --machine-coverage-since=soon", "since=soon: ILK031: 'soon'"),
        ("-store=sqlite:///nix.db --machine-coverage-archives=nix", "no such folder"),
        ("-of=buing", "did you mean buying[?] (there are*buying"),
        ("-of=buing -n 2", "did you mean buying[?] (there are*buying"),
    ],
)
def test_what_cannot_be_asked_of_coverage_is_told_before_any_test(
    project: pytest.Pytester, option: str, told: str
) -> None:
    project.makepyfile(door_shop=LIFECYCLE, test_buying=COVERED)
    done = project.runpytest_inprocess(*f"--machine-coverage{option}".split(" "))
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    lines = [*done.outlines, *done.errlines]
    (line,) = [line for line in lines if line.startswith("ERROR: --machine-coverage")]
    pytest.LineMatcher([line]).fnmatch_lines([f"*{told}*"])
    assert "passed" not in done.stdout.str()
    assert "covered" not in done.stdout.str()
