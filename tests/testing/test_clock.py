"""Virtual time: what is due happens at its own instant, in its order, however far one jumps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.engine import Engine
from interlock.machines.duration import duration
from interlock.testing import HarnessError, NothingMore, StillRunning, VirtualClock
from interlock.testing.clock import START, after
from testing import naps

DELAYS = st.lists(st.integers(0, 50), max_size=4)


@pytest.fixture(autouse=True)
def clock() -> VirtualClock:
    naps.CLOCK[:] = [VirtualClock()]
    naps.WOKEN.clear()
    return naps.CLOCK[0]


@given(st.lists(DELAYS, min_size=1, max_size=4), st.lists(st.integers(0, 120), max_size=4))
async def test_timers_fire_as_in_a_sorted_list_whatever_the_jumps(
    naps_of: Sequence[list[int]], jumps: Sequence[int]
) -> None:
    """The oracle: sums of delays, sorted by time; between two jumps exactly those in between."""
    clock = naps.CLOCK[0] = VirtualClock()
    naps.WOKEN.clear()
    due = sorted(
        (sum(delays[: number + 1]), f"run-{run}", number)
        for run, delays in enumerate(naps_of)
        for number in range(len(delays))
    )
    async with clock.watch(Engine("memory://", clock=clock)) as engine:
        for run, delays in enumerate(naps_of):
            await engine.start(naps.dozing, f"run-{run}", list(delays), id=f"run-{run}")
        passed = 0
        for jump in (*jumps, 300):
            passed += jump
            await clock.advance(timedelta(seconds=jump))
            assert clock.now() == START + timedelta(seconds=passed)
            woken = sorted(
                ((at - START).total_seconds(), who, number) for who, number, at in naps.WOKEN
            )
            assert woken == [one for one in due if one[0] <= passed]
            assert [at for _, _, at in naps.WOKEN] == sorted(at for _, _, at in naps.WOKEN)
        for run in range(len(naps_of)):
            assert await (await engine.get(f"run-{run}")).status() == "completed"


@given(st.lists(st.integers(0, 100), max_size=8))
async def test_until_goes_no_further_than_it_has_to(delays: list[int]) -> None:
    clock = naps.CLOCK[0] = VirtualClock()
    async with clock.watch(Engine("memory://", clock=clock)) as engine:
        run = await engine.start(naps.dozing, "ann", delays, id="run")

        async def over() -> bool:
            return await run.status() == "completed"

        await clock.until(over)
        assert clock.now() == START + timedelta(seconds=sum(delays))


async def test_a_retry_waits_in_virtual_time(clock: VirtualClock) -> None:
    async with clock.watch(Engine("memory://", clock=clock)) as engine:
        run = await engine.start(naps.retrying, id="run")
        assert await clock.advance("3 years") == 3
        assert await run.result() == 4
    hours = [(at - START) / timedelta(hours=1) for _, _, at in naps.WOKEN]
    assert hours == [0, 1, 3, 7]


async def test_a_step_that_sleeps_by_the_clock_does_not_hold_it_up(clock: VirtualClock) -> None:
    async with clock.watch(Engine("memory://", clock=clock)) as engine:
        run = await engine.start(naps.slowly, 5, 7, id="run")
        await clock.advance("4 hours")
        assert await run.state() == "slow"
        await clock.advance("1 hour")
        assert await run.state() == "again"
        await clock.advance("7 hours")
        assert await run.result() == 12


async def test_a_file_store_is_waited_for(clock: VirtualClock, tmp_path: object) -> None:
    async with clock.watch(Engine(f"sqlite:///{tmp_path}/a.db", clock=clock)) as engine:
        run = await engine.start(naps.dozing, "ann", [1, 2, 3], id="run")
        await clock.advance("6 seconds")
        assert await run.status() == "completed"


async def test_what_never_comes_is_told(clock: VirtualClock) -> None:
    async def never() -> bool:
        return False

    with pytest.raises(NothingMore, match="no timer is set"):
        await clock.until(never)
    async with clock.watch(Engine("memory://", clock=clock)) as engine:
        await engine.start(naps.dozing, "ann", [10**9], id="run")
        with pytest.raises(NothingMore, match="10 years"):
            await clock.until(never)


async def test_time_goes_forward(clock: VirtualClock) -> None:
    with pytest.raises(HarnessError, match="is before"):
        await clock.jump_to(START - timedelta(seconds=1))
    assert await clock.jump_to(START) == 0
    assert await clock.skip() is False


@pytest.mark.parametrize(
    ("start", "by", "end"),
    [
        ("2026-01-01", "3 years", "2029-01-01"),
        ("2028-02-29", "1 year", "2029-02-28"),
        ("2028-02-29", "4 years and 1 day", "2032-03-01"),
        ("2026-01-01", "1 year, 12 hours", "2027-01-01T12:00"),
        ("2026-01-01", "2 days", "2026-01-03"),
    ],
)
def test_years_are_those_of_the_calendar(start: str, by: str, end: str) -> None:
    began = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert after(began, by) == datetime.fromisoformat(end).replace(tzinfo=UTC)


@given(st.datetimes(timezones=st.just(UTC), max_value=datetime(9000, 1, 1)), st.integers(0, 10**6))  # noqa: DTZ001  the strategy adds the zone
def test_other_durations_mean_what_they_mean_everywhere(start: datetime, seconds: int) -> None:
    text = f"{seconds} seconds"
    assert after(start, text) == start + duration(text)


async def test_a_real_call_that_does_not_return_is_told(
    clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interlock.testing.clock._PATIENCE", 0.0)
    monkeypatch.setattr("interlock.testing.clock._LEAST_TURNS", 100)
    async with clock.watch(Engine("memory://", clock=clock)) as engine:
        await engine.start(naps.hanging, id="run")
        with pytest.raises(StillRunning, match="'run' does not come to rest"):
            await clock.settle()
