"""The index row that stands for a run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from interlock.projections import Activity, RunState, entry_of
from interlock.projections.index import _waits  # pyright: ignore[reportPrivateUsage]  the general way
from interlock.projections.run import ActivityKind, ActivityStatus
from interlock.projections.undoing import Compensation
from interlock.store.contract import Head
from interlock.store.joining import RunEnding

_AT = datetime(2026, 1, 1, tzinfo=UTC)

_KINDS = st.sampled_from(["step", *get_args(ActivityKind)])
_STATUSES = st.sampled_from(["scheduled", *get_args(ActivityStatus)])
_MANY = st.lists(st.tuples(_KINDS, _STATUSES), max_size=2)


@given(
    pending=st.lists(st.just(("step", "scheduled")), max_size=1) | _MANY,
    held=st.sampled_from(["", "", "it is not imported"]),
    cancel=st.sampled_from([None, None, "late"]),
    cancelled=st.booleans(),
    undoes=st.booleans(),
    ends=st.booleans(),
    ended=st.sampled_from([None, "failed"]),
    lifecycle=st.booleans(),
)
def test_a_run_that_stands_at_a_step_is_told_as_any_other(
    pending: list[tuple[ActivityKind, ActivityStatus]],
    held: str,
    cancel: str | None,
    cancelled: bool,
    undoes: bool,
    ends: bool,
    ended: str | None,
    lifecycle: bool,
) -> None:
    state = RunState("r", "flow", "h", _AT, _AT, Head(), "s", held=held, lifecycle=lifecycle)
    for number, (kind, status) in enumerate(pending):
        name = f"a{number}"
        state.pending[name] = Activity(name, kind, "pay", "s", _AT, 1, status=status)
    state.cancel, state.cancelled = cancel, cancelled
    state.compensation = Compensation(None) if undoes else None
    state.ending = RunEnding() if ends else None
    state.ended = "failed" if ended else None
    row = entry_of(state)
    assert row.status == state.status
    assert (row.waits, row.waits_for) == _waits(state)
