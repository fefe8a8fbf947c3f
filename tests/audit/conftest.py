"""A filled store, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.filled import filled


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with something in every table. Copy it before changing it."""
    return filled(tmp_path_factory.mktemp("audit") / "whole.db")
