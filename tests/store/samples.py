"""Small commits for the tests of the stores: those of the conformance suite."""

from __future__ import annotations

from interlock.testing.conformance.samples import ANN, NOON, ONE, at, commit, entry

__all__ = ["ANN", "NOON", "ONE", "at", "commit", "entry"]
