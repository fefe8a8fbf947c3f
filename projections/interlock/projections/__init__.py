"""What the log means: pure folds of events, and history opened at any instant."""

from interlock.projections.address import address, branches, member_name, node_of
from interlock.projections.approval import Approval, Decided, Lapsed, Voted
from interlock.projections.breaker import BreakerState, breaker_state
from interlock.projections.changes import Change, apply_changes, changes
from interlock.projections.choosing import Choices, Chosen, choices, chooser, chosen
from interlock.projections.copying import copy_state
from interlock.projections.difference import BranchChanges, Difference, Pair, facts
from interlock.projections.effect import Effect
from interlock.projections.errors import (
    BadExport,
    EmptyHistory,
    NoSuchVariable,
    NoSuchVersion,
    NotOfThatType,
    ProjectionError,
)
from interlock.projections.evidence import Evidence, dump_evidence, load_evidence
from interlock.projections.explaining import explain
from interlock.projections.export import dump_history, load_history
from interlock.projections.fold import evolve, fold
from interlock.projections.forked import Forked
from interlock.projections.history import History
from interlock.projections.index import entry_of
from interlock.projections.ledger import Ledger, ledger
from interlock.projections.loading import find_state, load_state
from interlock.projections.moment import Branch, Moment
from interlock.projections.parting import Both, RunDifference, diff_runs
from interlock.projections.progress import Progress, progress
from interlock.projections.reading import read_variable
from interlock.projections.run import (
    Activity,
    Joined,
    Outcome,
    Received,
    RunState,
    Thread,
)
from interlock.projections.shared import SharedState, evolve_shared, shared_at
from interlock.projections.subject import Subject, read_through, subject_of
from interlock.projections.timeline import Bar, Mark, Span, SpanKind, Timeline
from interlock.projections.timing import timeline
from interlock.projections.undoing import Compensation, Irreversible, Undoable
from interlock.projections.why import Action, Cause, Offer, Then, Wait, Why

__all__ = [
    "Action",
    "Activity",
    "Approval",
    "BadExport",
    "Bar",
    "Both",
    "Branch",
    "BranchChanges",
    "BreakerState",
    "Cause",
    "Change",
    "Choices",
    "Chosen",
    "Compensation",
    "Decided",
    "Difference",
    "Effect",
    "EmptyHistory",
    "Evidence",
    "Forked",
    "History",
    "Irreversible",
    "Joined",
    "Lapsed",
    "Ledger",
    "Mark",
    "Moment",
    "NoSuchVariable",
    "NoSuchVersion",
    "NotOfThatType",
    "Offer",
    "Outcome",
    "Pair",
    "Progress",
    "ProjectionError",
    "Received",
    "RunDifference",
    "RunState",
    "SharedState",
    "Span",
    "SpanKind",
    "Subject",
    "Then",
    "Thread",
    "Timeline",
    "Undoable",
    "Voted",
    "Wait",
    "Why",
    "address",
    "apply_changes",
    "branches",
    "breaker_state",
    "changes",
    "choices",
    "chooser",
    "chosen",
    "copy_state",
    "diff_runs",
    "dump_evidence",
    "dump_history",
    "entry_of",
    "evolve",
    "evolve_shared",
    "explain",
    "facts",
    "find_state",
    "fold",
    "ledger",
    "load_evidence",
    "load_history",
    "load_state",
    "member_name",
    "node_of",
    "progress",
    "read_through",
    "read_variable",
    "shared_at",
    "subject_of",
    "timeline",
]
