"""Audit: is what a store holds what was written? Chains, seals, and proofs for one event."""

from interlock.audit.audit import Audited, audit
from interlock.audit.errors import BadProof, BadSeal, BrokenSeal, NoKey, NotSigned, OtherSigner
from interlock.audit.finding import ELSEWHERE, SEALS, Finding, Findings
from interlock.audit.keys import Signer, new_key, read_public, read_signer
from interlock.audit.known import Known, ReadDefinition
from interlock.audit.proof import Proof, Prover, check_proof, prove, read_proof
from interlock.audit.seal import Seal, read_seals
from interlock.audit.sealing import check_seals, make_seal

__all__ = [
    "ELSEWHERE",
    "SEALS",
    "Audited",
    "BadProof",
    "BadSeal",
    "BrokenSeal",
    "Finding",
    "Findings",
    "Known",
    "NoKey",
    "NotSigned",
    "OtherSigner",
    "Proof",
    "Prover",
    "ReadDefinition",
    "Seal",
    "Signer",
    "audit",
    "check_proof",
    "check_seals",
    "make_seal",
    "new_key",
    "prove",
    "read_proof",
    "read_public",
    "read_seals",
    "read_signer",
]
