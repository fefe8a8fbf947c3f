"""The story of docs/examples/webhook_callback.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.clocks import BEGIN, later
from examples.pages import printed
from interlock.engine import Engine, Run
from interlock.machines import TimedOut
from interlock.store.clock import ManualClock
from webhook_callback import Applicant, Bureau, credit, hook

GOOD = b'{"score": 80}'


class Scores:
    """A bureau that calls back when the story says so, and may be down."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.looked_up = 0
        self.down = False

    async def request(self, key: str, name: str, callback: str) -> None:
        self.asked.append(callback)

    async def look_up(self, name: str) -> int:
        self.looked_up += 1
        if self.down:
            raise ConnectionError("503 Service Unavailable")
        return 30


async def test_a_callback_that_comes_early_late_twice_or_never(tmp_path: Path) -> None:
    store, clock, bureau = f"sqlite:///{tmp_path}/credit.db", ManualClock(BEGIN), Scores()

    def opened() -> Engine:
        return Engine(store, machines=[credit], clock=clock, resources={Bureau: bureau})

    async def apply(engine: Engine, name: str) -> Run[str]:
        run = await engine.start(credit, Applicant(name=name, amount=900), id=name, by="shop")
        await engine.settle()
        return run

    async with opened() as engine:
        ann = await apply(engine, "ann")
        assert bureau.asked == ["https://shop.example/hooks/ann"]
        assert await hook(engine, "ann", "d-0", b'{"score": "high"}') == (
            422,
            "1 field does not fit",
        )
        assert await hook(engine, "nobody", "d-0", GOOD) == (404, "no such application")
        await later(engine, clock, minutes=2)
        for _ in range(2):  # the bureau delivers it twice
            assert await hook(engine, "ann", "d-1", GOOD) == (200, "thank you")
        assert await ann.result() == "granted, says the callback"
        assert bureau.looked_up == 0

        bob = await apply(engine, "bob")
        await later(engine, clock, minutes=10)
        assert await bob.result() == "refused, says the fallback"
        assert await hook(engine, "bob", "d-2", GOOD) == (
            409, "Scored was refused: run 'bob' is completed",
        )  # fmt: skip

        bureau.down = True
        cid = await apply(engine, "cid")
        await later(engine, clock, minutes=10)
        await later(engine, clock, minutes=5)
        assert bureau.looked_up == 3
        assert await hook(engine, "cid", "d-3", GOOD) == (200, "thank you")
        assert await cid.result() == "granted, says the callback"
        await apply(engine, "eve")
    async with opened() as engine:
        for minutes in (10, 5, 10):
            await later(engine, clock, minutes=minutes)
        eve = await engine.get("eve")
        assert await eve.status() == "waiting"
        await later(engine, clock, days=1)
        with pytest.raises(ExceptionGroup) as both:
            await eve.result()
        assert [type(error) for error in both.value.exceptions] == [TimedOut, ConnectionError]
    printed("webhook_callback", store)
