"""Simulation tests something, or says why it cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from interlock.machines import resource, step, workflow
from interlock.testing import HarnessError, SimulationFailed, simulate
from testing.simulated import (
    Basket,
    Paid,
    Ping,
    SimulatedLedger,
    SimulatedOrder,
    simulated_everything,
    simulated_purchase,
)


async def nothing() -> int:
    return 0


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"seeds": 0}, "seeds=0 simulates nothing"),
    ({"seeds": -3}, "seeds=-3 simulates nothing"),
    ({"seeds": []}, "simulates nothing"),
    ({"seeds": "ten"}, "neither a number nor seeds"),
    ({"engines": 0}, "engines=0 simulates nothing"),
    ({"runs": 0}, "runs=0 simulates nothing"),
    ({"inputs": []}, "starts no run"),
    ({"inputs": [(1, 2)]}, "does not fit simulated_everything: too many positional arguments"),
    ({"steps": {"chrage": nothing}}, "did you mean 'charge'.*there are charge, checked"),
    ({"steps": {"charge": nothing}}, "'charge' does not take what the step takes: too many"),
    ({"steps": {"charge": 5}}, "'charge' cannot be called: 5"),
    ({"steps": "text"}, "is no mapping"),
    ({"odds": {"chrage": 1}}, "no Odds.*did you mean 'charge'"),
    ({"commands": ["x"]}, "'x' is no command.*it takes Paid, Stop"),
    ({"commands": [Ping()]}, "never takes a Ping"),
    ({"commands": 5}, "are no list"),
    ({"invariants": ["x"]}, "invariant 'x' cannot be called"),
    ({"invariants": nothing}, "are no list"),
]


@pytest.mark.parametrize(("options", "said"), WRONG)
def test_what_would_test_nothing_is_refused(options: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"inputs": [1], "seeds": 1, **options}
    with pytest.raises(HarnessError, match=said):
        simulate(simulated_everything, **given)


def test_a_lifecycle_is_given_its_data() -> None:
    with pytest.raises(HarnessError, match="started with its data, a Basket"):
        simulate(SimulatedOrder, inputs=[3], seeds=1)


@workflow
async def never_begun(n: int, *, wanted: int) -> int:
    return n + wanted


def test_drawn_inputs_that_do_not_fit_are_refused_as_well() -> None:
    with pytest.raises(HarnessError, match=r"does not fit never_begun: .*'wanted'"):
        simulate(never_begun, seeds=1)


def test_what_fits_is_taken() -> None:
    async def one(n: int, more: int = 0) -> int:
        return n + more

    def gone(shipped: str) -> None: ...

    given: dict[str, Callable[..., Any]] = {"charge": one, "unship": gone}
    done = simulate(
        simulated_everything, inputs=[1], seeds=2, steps=given, commands=[Paid(amount=1)]
    )
    assert done.runs.total() > 0


class Book:
    pass


def test_a_stand_in_takes_the_resources_of_its_step() -> None:
    @step
    async def written(n: int, book: Book = resource()) -> int:
        return n

    @workflow  # in here: other tests' engines, which serve all that is imported, have no Book
    async def simulated_writing(n: int) -> int:
        return await written(n)

    async def stands_in(n: int, book: Book = resource()) -> int:
        return n

    async def does_not(n: int) -> int:
        return n

    simulate(simulated_writing, seeds=2, inputs=[1], steps={"written": stands_in})
    with pytest.raises(HarnessError, match="'book'"):
        simulate(simulated_writing, seeds=1, inputs=[1], steps={"written": does_not})


def test_the_invariants_of_a_lifecycle_itself_have_to_hold() -> None:
    with pytest.raises(SimulationFailed) as caught:
        simulate(SimulatedLedger, inputs=[Basket()], seeds=20)
    failed = caught.value
    assert failed.faults == []
    assert "invariant paid_once does not hold for 'run-" in failed.wrong[0]
    assert failed.wrong[0].endswith("(paid): paid twice")
    assert f"seeds=[{failed.seed}]" in str(failed)


def test_one_of_each_is_told_as_one() -> None:
    assert str(simulate(simulated_purchase, inputs=[1], seeds=1)).startswith("1 seed, ")
