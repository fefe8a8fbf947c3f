"""Benchmarks print what they found, as ratios to the raw floor of the same run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

_lines: list[str] = []


@pytest.fixture
def report() -> Callable[[str], None]:
    """Add a line to the report at the end of the session."""
    return _lines.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _lines:
        terminalreporter.write_sep("=", "ratios to the raw floor of the same run")
        for line in _lines:
            terminalreporter.write_line(line)
