"""Benchmarks print what they found, as ratios to the raw floor of the same run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.floors import Report, T, Timed

_lines: list[str] = []


@pytest.fixture
def report() -> Report:
    """Add a line to the report at the end of the session."""
    return _lines.append


@pytest.fixture
def timed(benchmark: Any) -> Timed:
    """pytest-benchmark's `pedantic`, with types."""

    def run(work: Callable[[], T], rounds: int) -> T:
        result: T = benchmark.pedantic(work, rounds=rounds, iterations=1)
        return result

    return run


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _lines:
        terminalreporter.write_sep("=", "ratios to the raw floor of the same run")
        for line in _lines:
            terminalreporter.write_line(line)
