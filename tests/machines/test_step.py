"""Steps refuse options that they cannot mean."""

from __future__ import annotations

import pytest

from interlock.machines import BadDefinition, step


def test_a_misspelt_crash_policy_is_refused() -> None:
    with pytest.raises(BadDefinition, match="on_crash='hald' is unknown; write one of retry"):
        step(on_crash="hald")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]  # the typo is the point
