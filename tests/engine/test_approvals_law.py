"""Law: approvals agree with a plain model, whatever people do, whenever, and over restarts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from engine.trouble import Troubled
from interlock.engine import Engine, Notice, Run
from interlock.machines import Decision, Escalate, Group, Refused, TimedOut, approval, workflow
from interlock.store.clock import ManualClock
from interlock.store.decisions import ApprovalReminded

PEOPLE = ["ann", "bob", "cho", "dan", "eve"]
TEAM = {"bob", "cho", "dan"}


class Terms(BaseModel):
    """Of an approval. Hours count from the request; 0 hours of an escalation mean none."""

    names: list[str]
    team: bool
    quorum: int
    rejections: int
    requester: str
    timeout: int
    reminders: list[int]
    escalation: int
    later: list[str]
    later_quorum: int | None


@workflow(name="law-of-approvals")
async def asking(terms: Terms) -> Decision:
    who: list[str | Group] = [*terms.names]
    if terms.team:
        who.append(Group("team"))
    escalate = []
    if terms.escalation:
        after = timedelta(hours=terms.escalation)
        escalate = [Escalate(after, to=terms.later, quorum=terms.later_quorum)]
    return await approval(
        "boss",
        about=terms,
        timeout=timedelta(hours=terms.timeout),
        approvers=who or None,
        quorum=terms.quorum,
        rejections=terms.rejections,
        requester=terms.requester,
        remind=[timedelta(hours=hours) for hours in terms.reminders],
        escalate=escalate,
    )


@dataclass
class Model:
    """What an approval is, in a few lines without a log."""

    terms: Terms
    hour: float = 0
    votes: list[tuple[str, bool]] = field(default_factory=list[tuple[str, bool]])
    holders: dict[str, str] = field(default_factory=dict[str, str])
    over: Literal["", "granted", "rejected", "timed out"] = ""
    escalated: bool = False

    def catch_up(self) -> None:
        terms = self.terms
        reached = terms.escalation <= min(self.hour, terms.timeout)
        if terms.escalation and reached and not self.over and not self.escalated:
            self.escalated = True
            self.holders.clear()
        if not self.over and self.hour >= terms.timeout:
            self.over = "timed out"

    def own(self, person: str) -> bool:
        terms = self.terms
        if self.escalated:
            return person in terms.later
        everybody = not terms.names and not terms.team
        return everybody or person in terms.names or (terms.team and person in TEAM)

    def rights(self, person: str) -> list[str]:
        mine = [right for right, holder in self.holders.items() if holder == person]
        return [person, *mine] if person not in self.holders and self.own(person) else mine

    def vote(self, person: str, granted: bool, seen: str) -> bool:
        self.catch_up()
        if self.over or seen == "wrong" or person == self.terms.requester:
            return False
        if person in [voter for voter, _ in self.votes] or not self.rights(person):
            return False
        self.votes.append((person, granted))
        quorum = (self.escalated and self.terms.later_quorum) or self.terms.quorum
        needed = quorum if granted else self.terms.rejections
        if sum(yes is granted for _, yes in self.votes) >= needed:
            self.over = "granted" if granted else "rejected"
        return True

    def delegate(self, person: str, to: str) -> bool:
        self.catch_up()
        voters = [voter for voter, _ in self.votes]
        anybody = not self.escalated and not self.terms.names and not self.terms.team
        if self.over or person in voters or to in voters or anybody or to == person:
            return False
        if self.terms.requester in (to, person):
            return False
        rights = self.rights(person)
        self.holders.update(dict.fromkeys(rights, to))
        return bool(rights)


person = st.sampled_from(PEOPLE)
hours = st.integers(1, 30)


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    return Terms(
        names=draw(st.lists(person, max_size=2, unique=True)),
        team=draw(st.booleans()),
        quorum=draw(st.integers(1, 2)),
        rejections=draw(st.integers(1, 2)),
        requester=draw(st.sampled_from(["", *PEOPLE])),
        timeout=draw(st.integers(5, 60)),
        reminders=draw(st.lists(st.integers(0, 60), max_size=3)),
        escalation=draw(st.sampled_from([0, 0, 3, 10, 40])),
        later=draw(st.lists(person, min_size=1, max_size=3, unique=True)),
        later_quorum=draw(st.sampled_from([None, 1])),
    )


Move = tuple[Any, ...]
moves = st.lists(
    st.one_of(
        st.tuples(st.just("vote"), person, st.booleans(), st.sampled_from(["", "right", "wrong"])),
        st.tuples(st.just("delegate"), person, person),
        st.tuples(st.just("wait"), hours, st.booleans()),
        st.tuples(st.just("restart")),
    ),
    max_size=14,
)


@given(terms=terms(), moves=moves, failing=st.lists(st.booleans(), max_size=6))
def test_approvals_agree_with_a_plain_model(
    terms: Terms, moves: list[Move], failing: list[bool]
) -> None:
    known = not terms.team and not terms.escalation and terms.names
    voters = len(set(terms.names) - {terms.requester})
    if known and voters < terms.quorum + terms.rejections - 1:
        return  # refused when it is asked for; an example has it
    asyncio.run(Office(terms, failing).agree(moves))


class Office:
    """An engine that is taken down and up again, beside the model."""

    def __init__(self, terms: Terms, failing: list[bool]) -> None:
        self.model = Model(terms)
        self.store, self.clock = Troubled(), ManualClock()
        self.start = self.clock.now()
        self.told: list[str] = []
        self.failing = list(failing)

    async def notify(self, notice: Notice) -> None:
        if self.failing and self.failing.pop():
            message = "nobody heard"
            raise OSError(message)
        self.told.append(notice.key)

    def engine(self) -> Engine:
        return Engine(
            self.store, clock=self.clock, groups={"team": TEAM}, notify=self.notify,
            machines=[asking],
        )  # fmt: skip

    async def agree(self, moves: list[Move]) -> None:
        engine = await self.engine().__aenter__()
        await engine.start(asking, self.model.terms, id="run")
        await engine.settle()
        for kind, *rest in moves:
            if kind == "restart":
                await engine.close()
                engine = await self.engine().__aenter__()
            elif kind == "wait":
                await self.wait(engine, *rest)
            else:
                await self.act(engine, kind, rest)
        await self.check(engine)
        await engine.close()

    async def wait(self, engine: Engine, by: int, ticks: bool) -> None:
        self.model.hour += by
        self.clock.set(self.clock.now() + timedelta(hours=by))
        if ticks:
            await engine.tick()
            await engine.settle()
            self.model.catch_up()

    async def act(self, engine: Engine, kind: str, rest: list[Any]) -> None:
        before, refused, done = (await engine.store.head("run")).version, "", False
        try:
            if kind == "vote":
                done = self.model.vote(*rest)
                await self.vote(engine, *rest)
            else:
                done = self.model.delegate(*rest)
                await engine.delegate("run", "boss", by=rest[0], to=rest[1], reason="away")
        except Refused as error:
            refused = str(error)
        after = (await engine.store.head("run")).version
        assert done == (not refused), f"{kind} {rest}: {refused}"
        assert done or after == before  # a refusal appends nothing
        await engine.settle()

    async def vote(self, engine: Engine, who: str, granted: bool, seen: str) -> None:
        found = await engine.approvals(run="run")
        right = found[0].facts if found else "0" * 64
        facts = {"": "", "right": right, "wrong": "f" * 64}[seen]
        answer = engine.approve if granted else engine.reject
        await answer("run", "boss", by=who, facts=facts, reason=f"{who} says so")

    async def check(self, engine: Engine) -> None:
        model = self.model
        run = await engine.get("run")
        self.failing.clear()
        for _ in range(3):  # what was not told is told again, a little later
            self.clock.set(self.clock.now() + timedelta(seconds=10))
            await engine.tick()
            await engine.settle()
        model.catch_up()
        state = await run.snapshot()
        if not model.over:
            (pending,) = await engine.approvals()
            assert [(v.actor.id, v.granted) for v in pending.votes] == model.votes
            assert dict(pending.delegated) == model.holders
            for someone in PEOPLE:
                listed = bool(await engine.approvals(approver=someone))
                votes = [voter for voter, _ in model.votes]
                may = someone not in (*votes, model.terms.requester)
                assert listed == (may and bool(model.rights(someone)))
            await self.check_reminders(run)
            return
        assert state.status == ("failed" if model.over == "timed out" else "completed")
        if model.over == "timed out":
            with pytest.raises(TimedOut):
                await run.result()
            return
        decision = await run.result()
        assert decision.granted == (model.over == "granted")
        assert [(vote.by, vote.granted) for vote in decision.votes] == model.votes
        assert decision.by == model.votes[-1][0]

    async def check_reminders(self, run: Run[Any]) -> None:
        """Those that are due by now were recorded, with their own instants, and told."""
        due = sorted(h for h in self.model.terms.reminders if h <= self.model.hour)
        history = await run.history()
        recorded = [e.body for e in history.events if isinstance(e.body, ApprovalReminded)]
        assert [(r.number, r.due) for r in recorded] == [
            (number, self.instant(hour)) for number, hour in enumerate(due, 1)
        ]
        for number in range(1, len(due) + 1):
            assert f"run/approval:boss#1/reminder {number}" in self.told
        assert len([key for key in self.told if "reminder" in key]) >= len(due)
        state = await run.snapshot()
        (activity,) = state.pending.values()
        assert not any(alarm.startswith("notice") for alarm in activity.alarms)

    def instant(self, hour: int) -> datetime:
        return self.start + timedelta(hours=hour)
