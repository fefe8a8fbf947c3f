"""The story of docs/examples/lead_enrichment.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.clocks import BEGIN, later
from examples.pages import printed
from interlock.engine import Engine, Run
from interlock.store.clock import ManualClock
from lead_enrichment import Facts, Lead, Profile, UnknownCompany, enrich


class Known:
    """A provider that knows about some paths, and may be down."""

    def __init__(self, answer: Facts, unknown: str = "nothing") -> None:
        self.answer = answer
        self.unknown = unknown
        self.asked: list[str] = []
        self.down = False

    async def get(self, path: str) -> Facts:
        self.asked.append(path)
        if self.down:
            raise ConnectionError("503 Service Unavailable")
        if self.unknown in path:
            raise UnknownCompany(path)
        return self.answer


async def test_providers_that_are_down_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, clock = f"sqlite:///{tmp_path}/leads.db", ManualClock(BEGIN)
    register = Known({"company": "Acme Ltd"}, unknown="nowhere.example")
    people, press = Known({"role": "buyer"}), Known({"headline": "Acme grows"})
    resources = {"register": register, "people": people, "press": press}

    def opened() -> Engine:
        return Engine(store, machines=[enrich], clock=clock, resources=resources)

    async def arrive(engine: Engine, name: str, email: str) -> Run[Profile]:
        run = await engine.start(enrich, Lead(email=email), id=name, by="form")
        await engine.settle()
        return run

    async with opened() as engine:
        everything = register.answer | people.answer | press.answer
        ann = await arrive(engine, "ann", "ann@acme.example")
        assert await ann.result() == Profile(facts=everything)
        people.down = True
        bob = await arrive(engine, "bob", "bob@acme.example")
        assert await bob.status() == "running"
        for _ in range(2):
            await later(engine, clock, seconds=1)
        assert (await bob.result()).missing == {
            "person": "ConnectionError: 503 Service Unavailable"
        }
        assert register.asked == ["/companies/acme.example"]
        assert len(people.asked) == 4
        cid = await arrive(engine, "cid", "cid@nowhere.example")
        assert await cid.result() == Profile(
            facts=press.answer,
            missing={
                "company": "UnknownCompany: /companies/nowhere.example",
                "person": "BreakerOpen: ILK101: breaker 'people' is open: 3 failures",
            },
        )
        assert len(people.asked) == 4
        dan = await arrive(engine, "dan", "dan")
        assert await dan.result() == Profile(missing={"email": "dan is no address"})
    people.down = False
    async with opened() as engine:
        eve = await arrive(engine, "eve", "eve@acme.example")
        assert list((await eve.result()).missing) == ["person"]
        assert len(people.asked) == 4
        await later(engine, clock, seconds=60)
        fay = await arrive(engine, "fay", "fay@acme.example")
        assert await fay.result() == Profile(facts=everything)
    assert len(capsys.readouterr().out.splitlines()) == 6
    printed("lead_enrichment", store)
