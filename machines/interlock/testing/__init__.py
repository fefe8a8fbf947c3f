"""What tests of machines are written with.

Nothing here is loaded by itself: `pytest_plugins = ["interlock.testing"]` in a `conftest.py`
switches the fixtures on, and each name is imported when it is first wanted.

PYTEST_DONT_REWRITE (there is no assertion here to rewrite, and no reason to warn of that)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.testing.clock import VirtualClock
    from interlock.testing.ended import Ended
    from interlock.testing.environment import Environment
    from interlock.testing.errors import (
        BadFixture,
        BadTests,
        HarnessError,
        NoPayload,
        NoRegression,
        NothingMore,
        NotScripted,
        NotTaken,
        NotTestable,
        PersonalInside,
        SimulationFailed,
        StillRunning,
    )
    from interlock.testing.fault import Chances, Fault
    from interlock.testing.faulty import FaultyStore
    from interlock.testing.flow_suite import workflow_tests
    from interlock.testing.machine_suite import machine_tests
    from interlock.testing.moves import Case
    from interlock.testing.mutation import Mutant, Mutation, mutants, mutate
    from interlock.testing.outcomes import Crash, Does, Error, Hang, Outcome, Real, Timeout, Value
    from interlock.testing.payloads import Payloads, payload
    from interlock.testing.recorded_values import recorded, recorded_error
    from interlock.testing.replays import assert_replays, assert_store_replays
    from interlock.testing.scenario import Scenario
    from interlock.testing.script import Script, StepCall
    from interlock.testing.simulation.calls import Odds
    from interlock.testing.simulation.simulate import Simulated, simulate
    from interlock.testing.snapshot import Snapshots
    from interlock.testing.stateful import LifecycleMachine, machine_class
    from interlock.testing.story import story_of
    from interlock.testing.strategies import commands, faults, histories, runs
    from interlock.testing.tested import TestedRun
    from interlock.testing.together_scenario import TogetherScenario
    from interlock.testing.traces import assert_story, run_again

__all__ = [
    "BadFixture",
    "BadTests",
    "Case",
    "Chances",
    "Crash",
    "Does",
    "Ended",
    "Environment",
    "Error",
    "Fault",
    "FaultyStore",
    "Hang",
    "HarnessError",
    "LifecycleMachine",
    "Mutant",
    "Mutation",
    "NoPayload",
    "NoRegression",
    "NotScripted",
    "NotTaken",
    "NotTestable",
    "NothingMore",
    "Odds",
    "Outcome",
    "Payloads",
    "PersonalInside",
    "Real",
    "Scenario",
    "Script",
    "Simulated",
    "SimulationFailed",
    "Snapshots",
    "StepCall",
    "StillRunning",
    "TestedRun",
    "Timeout",
    "TogetherScenario",
    "Value",
    "VirtualClock",
    "assert_replays",
    "assert_store_replays",
    "assert_story",
    "commands",
    "faults",
    "histories",
    "machine_class",
    "machine_tests",
    "mutants",
    "mutate",
    "payload",
    "recorded",
    "recorded_error",
    "run_again",
    "runs",
    "simulate",
    "story_of",
    "workflow_tests",
]

_WHERE = {
    "BadFixture": "errors",
    "BadTests": "errors",
    "Case": "moves",
    "Chances": "fault",
    "Crash": "outcomes",
    "Does": "outcomes",
    "Ended": "ended",
    "Environment": "environment",
    "Error": "outcomes",
    "Fault": "fault",
    "FaultyStore": "faulty",
    "Hang": "outcomes",
    "HarnessError": "errors",
    "LifecycleMachine": "stateful",
    "Mutant": "mutation",
    "Mutation": "mutation",
    "NoPayload": "errors",
    "NoRegression": "errors",
    "NotScripted": "errors",
    "NotTaken": "errors",
    "NotTestable": "errors",
    "NothingMore": "errors",
    "Odds": "simulation.calls",
    "Outcome": "outcomes",
    "Payloads": "payloads",
    "PersonalInside": "errors",
    "Real": "outcomes",
    "Scenario": "scenario",
    "Script": "script",
    "Simulated": "simulation.simulate",
    "SimulationFailed": "errors",
    "Snapshots": "snapshot",
    "StepCall": "script",
    "StillRunning": "errors",
    "TestedRun": "tested",
    "Timeout": "outcomes",
    "TogetherScenario": "together_scenario",
    "Value": "outcomes",
    "VirtualClock": "clock",
    "assert_replays": "replays",
    "assert_store_replays": "replays",
    "assert_story": "traces",
    "commands": "strategies",
    "faults": "strategies",
    "histories": "strategies",
    "machine_class": "stateful",
    "machine_tests": "machine_suite",
    "mutants": "mutation",
    "mutate": "mutation",
    "payload": "payloads",
    "recorded": "recorded_values",
    "recorded_error": "recorded_values",
    "run_again": "traces",
    "runs": "strategies",
    "simulate": "simulation.simulate",
    "story_of": "story",
    "workflow_tests": "flow_suite",
}
"""The module of each name."""

pytest_plugins = ["interlock.testing.plugin", "interlock.testing.coverage.plugin"]
"""What pytest loads when this package is named as a plugin."""


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    found = globals()[name] = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    return found
