"""Authoring: workflows, steps, waits, lifecycles, commands, and the machine they compile to."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from interlock.machines.approvers import Escalate, Group, directory
from interlock.machines.batch import Batch
from interlock.machines.compose import parallel, race, settle
from interlock.machines.context import Current, calling, current
from interlock.machines.duration import Duration, duration
from interlock.machines.effect import Effect
from interlock.machines.errors import (
    BadDefinition,
    BadLock,
    ChildRefused,
    CompileError,
    EndlessChain,
    HandlerFailed,
    MachineError,
    MissingResource,
    OutsideRun,
    Refused,
    StepFailed,
    TimedOut,
)
from interlock.machines.fanout import each
from interlock.machines.guard import Check, Refuse
from interlock.machines.ir import Edge, Machine, Node
from interlock.machines.migration import Where
from interlock.machines.outcome import Err, Ok, Won, attempt, partition
from interlock.machines.phase import phase
from interlock.machines.reach import across, history
from interlock.machines.reshape import add, compose, remove, rename, transform
from interlock.machines.resilience import (
    Breaker,
    BreakerOpen,
    Bulkhead,
    BulkheadFull,
    Cache,
    Debounce,
    NotAdmitted,
    Policy,
    RateLimit,
    RateLimited,
    Superseded,
    Timeout,
    policies,
)
from interlock.machines.resource import resource
from interlock.machines.retry import Retry
from interlock.machines.segment import Handle, now, reply, skip, start, start_child
from interlock.machines.step import DidNotHappen, Happened, Step, step
from interlock.machines.waits import Decision, Vote, approval, received, sleep, wait_for
from interlock.machines.workflow import Workflow, workflow
from interlock.store.secrecy import Forgotten
from interlock.store.values import Personal, Subject, renamed, subject, upcast

if TYPE_CHECKING:  # imported when first asked for: pydantic takes half of the time
    from interlock.machines.command import Command
    from interlock.machines.lifecycle import Lifecycle, Region
    from interlock.machines.rule import after, on
    from interlock.machines.rule_effects import entering, exiting, taking
    from interlock.machines.rule_flow import always, done

__all__ = [  # noqa: RUF022  grouped by what they serve
    # Workflows
    "Decision",
    "Duration",
    "Escalate",
    "Group",
    "Vote",
    "Workflow",
    "approval",
    "directory",
    "duration",
    "now",
    "phase",
    "received",
    "reply",
    "skip",
    "sleep",
    "wait_for",
    "workflow",
    "upcast",
    "renamed",
    # Composition
    "Batch",
    "Err",
    "Handle",
    "Ok",
    "Won",
    "attempt",
    "each",
    "parallel",
    "partition",
    "race",
    "settle",
    "start",
    "start_child",
    # Steps
    "Current",
    "DidNotHappen",
    "Happened",
    "Retry",
    "Step",
    "calling",
    "current",
    "resource",
    "step",
    # Personal data
    "Personal",
    "Subject",
    "subject",
    # Resilience
    "Breaker",
    "Bulkhead",
    "Cache",
    "Debounce",
    "Policy",
    "RateLimit",
    "Timeout",
    "policies",
    # Lifecycles
    "Check",
    "Command",
    "Effect",
    "Lifecycle",
    "Region",
    "Refuse",
    "across",
    "after",
    "always",
    "done",
    "entering",
    "exiting",
    "history",
    "on",
    "taking",
    # Migrations
    "Where",
    "add",
    "compose",
    "remove",
    "rename",
    "transform",
    # Machines
    "Edge",
    "Machine",
    "Node",
    # Errors
    "BadDefinition",
    "BadLock",
    "BreakerOpen",
    "BulkheadFull",
    "CompileError",
    "EndlessChain",
    "Forgotten",
    "HandlerFailed",
    "MachineError",
    "MissingResource",
    "NotAdmitted",
    "OutsideRun",
    "RateLimited",
    "Refused",
    "StepFailed",
    "Superseded",
    "ChildRefused",
    "TimedOut",
]

_LATER = {
    "Command": "command",
    "Lifecycle": "lifecycle",
    "Region": "lifecycle",
    "after": "rule",
    "on": "rule",
    "entering": "rule_effects",
    "exiting": "rule_effects",
    "taking": "rule_effects",
    "always": "rule_flow",
    "done": "rule_flow",
}
"""Names of lifecycles by their module: one that only has workflows does not wait for pydantic."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    found = globals()[name] = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
