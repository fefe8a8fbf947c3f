"""Proof before the first run: a lifecycle's places are listed, and properties looked at in each."""

from interlock.machines.proof.counterexample import as_pytest
from interlock.machines.proof.domain import Samples
from interlock.machines.proof.explore import Found, explore
from interlock.machines.proof.invariant import Invariant, invariant
from interlock.machines.proof.joint_search import explore_together, prove_together
from interlock.machines.proof.judge import prove
from interlock.machines.proof.result import Event, Result, Trace, Verdict
from interlock.machines.proof.together import Here, Together, sends

__all__ = [
    "Event",
    "Found",
    "Here",
    "Invariant",
    "Result",
    "Samples",
    "Together",
    "Trace",
    "Verdict",
    "as_pytest",
    "explore",
    "explore_together",
    "invariant",
    "prove",
    "prove_together",
    "sends",
]
