"""Version of the code that folds: snapshots of another one are not believed."""

FOLD = "15"
"""Raised, by `python tests/fold_version.py`, whenever the code that folds is changed."""
