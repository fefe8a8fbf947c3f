"""A change of the code that folds gives snapshots a new version."""

from __future__ import annotations

from fold_version import digest, kept
from interlock.projections.fold_version import FOLD


def test_the_version_is_that_of_the_code() -> None:
    assert kept() == (FOLD, digest()), "run `python tests/fold_version.py`"
