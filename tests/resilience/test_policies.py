"""Policies: joined, named, chosen by environment; what a step declares itself wins."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.machines import BadDefinition, Policy, Retry, Timeout, policies, step
from interlock.machines.duration import duration

RETRIES = st.one_of(st.none(), st.sampled_from([Retry.none, Retry.standard, Retry.aggressive]))
NAMES = st.one_of(st.none(), st.sampled_from(["a", "b"]))
POLICIES = st.builds(
    Policy,
    retry=RETRIES,
    timeout=st.one_of(st.none(), st.just("1 second"), st.just(Timeout.long)),
    breaker=NAMES,
    rate=NAMES,
    bulkhead=NAMES,
)


@given(POLICIES, POLICIES, POLICIES)
def test_joining_is_like_joining_dicts(a: Policy, b: Policy, c: Policy) -> None:
    assert (a | b).values() == a.values() | b.values()
    assert (a | b) | c == a | (b | c)
    assert a | Policy() == a == Policy() | a


@given(
    st.sampled_from(["exponential", "linear", "fixed"]),
    st.integers(1, 30),
    st.integers(1, 20_000),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_no_wait_is_zero_or_too_long(
    backoff: str, attempts: int, initial: int, jitter: float, draw: float
) -> None:
    retry = Retry(attempts, timedelta(milliseconds=initial), "5 seconds", backoff, jitter)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # one of the three
    waits = [retry.delay(failed, draw=draw) for failed in range(1, attempts + 1)]
    assert waits[-1] is None
    made = [wait for wait in waits if wait is not None]
    assert made == sorted(made)
    assert all(wait <= timedelta(seconds=5) for wait in made)
    if made and jitter * draw < 1:
        least = min(initial / 1000, 5) * (1 - jitter * draw)
        assert made[0].total_seconds() == pytest.approx(least, abs=1e-6)


def test_linear_waits_begin_with_the_first() -> None:
    retry = Retry(4, "1 second", "1 minute", "linear", 0)
    assert [retry.delay(n) for n in (1, 2, 3, 4)] == [
        timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=3), None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "timeout", "attempts"),
    [
        ("http_api", 5, 3), ("database", 30, 2), ("cache", 1, 1), ("message_queue", 30, 5),
        ("file_system", 120, 3), ("rate_limited", 10, 5),
    ],
)  # fmt: skip
def test_the_named_policies(name: str, timeout: int, attempts: int) -> None:
    policy = policies[name]
    assert policy is getattr(policies, name)
    assert policy.retry is not None
    assert policy.timeout is not None
    assert (duration(policy.timeout).total_seconds(), policy.retry.attempts) == (timeout, attempts)


def test_a_step_wins_over_its_policy_and_a_call_over_the_step() -> None:
    @step(policy=policies.http_api | Policy(breaker="b", timeout="7 seconds"), retry=Retry.none)
    async def call() -> None: ...

    options = call.options
    assert (options.retry, options.timeout) == (Retry.none, timedelta(seconds=7))
    assert options.gates is not None
    assert options.gates.breaker == "b"
    once = call.with_(policy=Policy(rate="r", timeout="1 minute"), timeout="2 seconds").options
    assert (once.timeout, once.retry) == (timedelta(seconds=2), Retry.none)
    assert once.gates is not None
    assert (once.gates.breaker, once.gates.rate) == ("b", "r")
    assert call.with_(policy="cache").options.timeout == Timeout.fast

    @step(timeout=Timeout.api)
    async def plain() -> None: ...

    assert plain.options.plain


def test_policies_are_registered_and_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = policies.register("mine", Policy(timeout="3 seconds"))
    assert policies["mine"] is mine
    assert policies.register("mine", Policy(timeout="3 seconds")) is not None
    with pytest.raises(BadDefinition, match="another policy"):
        policies.register("mine", Policy())
    with pytest.raises(BadDefinition, match="known: cache, database"):
        _ = policies["nothing"]
    by_environment = {"production": policies.http_api, "test": Policy()}
    monkeypatch.setenv("INTERLOCK_ENV", "production")
    assert policies.choose(by_environment) is policies.http_api
    monkeypatch.delenv("INTERLOCK_ENV")
    assert policies.choose(by_environment, default=mine) is mine
    with pytest.raises(BadDefinition, match="production, test; add default="):
        policies.choose(by_environment)
