"""What the log means: pure folds of events, and history opened at any instant."""

from interlock.projections.address import address, branches, member_name, node_of
from interlock.projections.approval import Approval, Decided, Lapsed, Voted
from interlock.projections.breaker import BreakerState, breaker_state
from interlock.projections.errors import (
    BadExport,
    EmptyHistory,
    NoSuchVariable,
    NoSuchVersion,
    NotOfThatType,
    ProjectionError,
)
from interlock.projections.explaining import explain
from interlock.projections.export import dump_history, load_history
from interlock.projections.fold import evolve, fold
from interlock.projections.history import Difference, History, Moment
from interlock.projections.index import entry_of
from interlock.projections.ledger import Effect, ledger
from interlock.projections.progress import Progress, progress
from interlock.projections.reading import read_variable
from interlock.projections.run import Activity, Joined, Outcome, Received, RunState, Thread
from interlock.projections.shared import SharedState, evolve_shared, shared_at
from interlock.projections.undoing import Compensation, Irreversible, Undoable
from interlock.projections.why import Action, Cause, Offer, Then, Wait, Why

__all__ = [
    "Action",
    "Activity",
    "Approval",
    "BadExport",
    "BreakerState",
    "Cause",
    "Compensation",
    "Decided",
    "Difference",
    "Effect",
    "EmptyHistory",
    "History",
    "Irreversible",
    "Joined",
    "Lapsed",
    "Moment",
    "NoSuchVariable",
    "NoSuchVersion",
    "NotOfThatType",
    "Offer",
    "Outcome",
    "Progress",
    "ProjectionError",
    "Received",
    "RunState",
    "SharedState",
    "Then",
    "Thread",
    "Undoable",
    "Voted",
    "Wait",
    "Why",
    "address",
    "branches",
    "breaker_state",
    "dump_history",
    "entry_of",
    "evolve",
    "evolve_shared",
    "explain",
    "fold",
    "ledger",
    "load_history",
    "member_name",
    "node_of",
    "progress",
    "read_variable",
    "shared_at",
]
