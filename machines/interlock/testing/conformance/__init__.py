"""The contract of stores as tests: for whoever writes a backend.

`StoreConformance` holds what every store promises, `DurableConformance` what one promises besides
that keeps its log for the next process, `SharedConformance` what one promises that several
processes use at once. Subclass one of them in a test module, and say how a store is made.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(  # so that a failing assert says what it compared
    *(
        f"{__name__}.{name}"
        for name in (
            "appending", "archiving", "following", "indexing", "inspecting", "lasting",
            "snapshotting",
        )
    )
)  # fmt: skip

from interlock.testing.conformance.suite import (  # noqa: E402  rewritten before it is imported
    DurableConformance,
    SharedConformance,
    StoreConformance,
)

__all__ = ["DurableConformance", "SharedConformance", "StoreConformance"]
