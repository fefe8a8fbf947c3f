"""Authoring: workflows, steps, waits, lifecycles, commands, and the machine they compile to."""

from interlock.machines.approvers import Escalate, Group, directory
from interlock.machines.batch import Batch
from interlock.machines.command import Command
from interlock.machines.compose import parallel, race, settle
from interlock.machines.context import Current, calling, current
from interlock.machines.duration import Duration, duration
from interlock.machines.effect import Effect
from interlock.machines.errors import (
    BadDefinition,
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
from interlock.machines.lifecycle import Lifecycle, Region
from interlock.machines.outcome import Err, Ok, Won, attempt, partition
from interlock.machines.phase import phase
from interlock.machines.reach import across, history
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
from interlock.machines.rule import after, on
from interlock.machines.rule_effects import entering, exiting, taking
from interlock.machines.rule_flow import always, done
from interlock.machines.segment import Handle, now, reply, skip, start, start_child
from interlock.machines.step import DidNotHappen, Happened, Step, step
from interlock.machines.waits import Decision, Vote, approval, received, sleep, wait_for
from interlock.machines.workflow import Workflow, workflow

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
    # Machines
    "Edge",
    "Machine",
    "Node",
    # Errors
    "BadDefinition",
    "BreakerOpen",
    "BulkheadFull",
    "CompileError",
    "EndlessChain",
    "HandlerFailed",
    "MachineError",
    "MissingResource",
    "NotAdmitted",
    "OutsideRun",
    "RateLimited",
    "Refused",
    "StepFailed",
    "Superseded",
    "TimedOut",
]
