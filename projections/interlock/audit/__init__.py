"""Audit: is what a store holds what was written? Chains, seals, and proofs for one event."""

from interlock.audit.audit import Audited, audit
from interlock.audit.finding import Finding, Findings
from interlock.audit.known import Known, ReadDefinition

__all__ = ["Audited", "Finding", "Findings", "Known", "ReadDefinition", "audit"]
