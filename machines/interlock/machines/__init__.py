"""Authoring: workflows, steps, waits, lifecycles, commands, and the machine that they compile to."""

from interlock.machines.command import Command
from interlock.machines.context import Current, calling, current
from interlock.machines.duration import Duration, duration
from interlock.machines.effect import Effect
from interlock.machines.errors import (
    BadDefinition,
    CompileError,
    MachineError,
    OutsideRun,
    Refused,
    StepFailed,
    TimedOut,
)
from interlock.machines.guard import Refuse
from interlock.machines.ir import Edge, Machine, Node
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.retry import Retry
from interlock.machines.rule import after, entering, on
from interlock.machines.step import DidNotHappen, Happened, Step, step
from interlock.machines.waits import Decision, approval, sleep, wait_for
from interlock.machines.workflow import Workflow, workflow

__all__ = [
    "BadDefinition",
    "Command",
    "CompileError",
    "Current",
    "Decision",
    "DidNotHappen",
    "Duration",
    "Edge",
    "Effect",
    "Happened",
    "Lifecycle",
    "Machine",
    "MachineError",
    "Node",
    "OutsideRun",
    "Refuse",
    "Refused",
    "Retry",
    "Step",
    "StepFailed",
    "TimedOut",
    "Workflow",
    "after",
    "approval",
    "calling",
    "current",
    "duration",
    "entering",
    "on",
    "sleep",
    "step",
    "wait_for",
    "workflow",
]
