"""Approvals: who may decide, on what, how many of them, and what is answered otherwise."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine import office
from engine.office import ASKED, GROUPS, Claim
from engine.trouble import Troubled
from interlock.engine import Engine, Notice, Run, UnknownMachine, sessions
from interlock.machines import BadDefinition, HandlerFailed, Refused, TimedOut, Workflow
from interlock.store.clock import ManualClock
from interlock.store.decisions import ApprovalEscalated, ApprovalGranted, ApprovalReminded
from interlock.store.event import Body

CLAIM = Claim(by="ann", amount=Decimal(70))
DIGEST = "52c3d13f82a114d76a5b5f45b759162cb9f00945c722112b2c1314ad330b5b78"
"""Of these facts: the same in every process and release."""


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    ASKED.clear()
    yield
    ASKED.clear()


async def begun(engine: Engine, flow: Workflow[..., Any], *args: Any, by: str = "") -> Run[Any]:
    run = await engine.start(flow, *args, id="run", by=by)
    await engine.settle()
    return run


async def later(engine: Engine, clock: ManualClock, **by: float) -> None:
    clock.set(clock.now() + timedelta(**by))
    await engine.tick()
    await engine.settle()


async def bodies(run: Run[Any], kind: type[Body]) -> list[Any]:
    return [e.body for e in (await run.history()).events if isinstance(e.body, kind)]


async def refused(answer: Awaitable[None], *says: str) -> None:
    with pytest.raises(Refused) as error:
        await answer
    for text in says:
        assert text in str(error.value)


async def test_a_decision_names_the_facts_it_saw_and_is_stale_when_they_differ() -> None:
    async with Engine("memory://") as engine:
        run = await begun(engine, office.asked_in_a_loop, CLAIM)
        (first,) = await engine.approvals()
        assert len(first.facts) == 64
        await engine.reject(run, "boss", by="bob", reason="too much", facts=first.facts)
        await engine.settle()
        (second,) = await engine.approvals()
        assert second.facts != first.facts
        await refused(
            engine.approve(run, "boss", by="bob", facts=first.facts),
            f"is about the facts {second.facts[:16]}", "look at it again",
        )  # fmt: skip
        await refused(engine.approve(run, "boss", by="bob", facts=second.facts[:7]), "look at it")
        await engine.approve(run, "boss", by="bob", reason="ok", facts=second.facts[:8])
        assert await run.result() == 2
        (granted,) = await bodies(run, ApprovalGranted)
        assert (granted.facts, granted.seen, granted.reason) == (second.facts, True, "ok")


async def test_equal_facts_have_equal_digests_in_every_run() -> None:
    async with Engine("memory://") as engine:
        for name, amount in (("a", "70"), ("b", "70.0"), ("c", "71")):
            claim = Claim(by="ann", amount=Decimal(amount))
            await engine.start(office.plain, claim, id=name)
        await engine.settle()
        one, same, other = [pending.facts for pending in await engine.approvals()]
        assert one == same != other
        assert one == DIGEST


async def test_only_the_named_decide() -> None:
    async with Engine("memory://") as engine:
        run = await begun(engine, office.named, CLAIM)
        await refused(
            engine.approve(run, "boss", by="eve"),
            "is not for eve to decide", "who may: ann or bob",
        )  # fmt: skip
        await refused(engine.approve(run, "boss", by=""), "say who")
        await engine.approve(run, "boss", by="bob")
        assert (await run.result()).by == "bob"


async def test_a_quorum_of_a_group_counts_people_and_the_requester_has_no_vote() -> None:
    async with Engine("memory://", groups=GROUPS) as engine:
        run = await begun(engine, office.grouped, CLAIM)
        await refused(engine.approve(run, "boss", by="ann"), "ann asks for it")
        await refused(engine.reject(run, "boss", by="ann"), "ann asks for it")
        await refused(
            engine.approve(run, "boss", by="vic"), "who may: the group managers, but not ann"
        )
        await engine.approve(run, "boss", by="bob", reason="fine", command_id="b-1")
        await engine.approve(run, "boss", by="bob", reason="fine", command_id="b-1")
        await refused(engine.approve(run, "boss", by="bob"), "bob has voted already, yes, at")
        await refused(engine.reject(run, "boss", by="bob"), "bob has voted already")
        assert await run.status() == "waiting"
        await engine.approve(run, "boss", by="cho", reason="good")
        decision = await run.result()
        assert (decision.granted, decision.by) == (True, "cho")
        assert [(v.by, v.granted, v.reason) for v in decision.votes] == [
            ("bob", True, "fine"), ("cho", True, "good"),
        ]  # fmt: skip
        assert decision.votes[0].facts == decision.votes[1].facts != ""
        await refused(engine.reject(run, "boss", by="bob"), "already granted by cho at")


async def test_the_first_rejection_decides() -> None:
    async with Engine("memory://", groups=GROUPS) as engine:
        run = await begun(engine, office.grouped, CLAIM)
        await engine.approve(run, "boss", by="bob")
        await engine.reject(run, "boss", by="cho", reason="no budget")
        decision = await run.result()
        assert (decision.granted, decision.reason, len(decision.votes)) == (False, "no budget", 2)


async def test_four_eyes_by_default_keep_out_who_started_the_run() -> None:
    async with Engine("memory://", groups=GROUPS) as engine:
        run = await begun(engine, office.starter_excluded, CLAIM, by="bob")
        await refused(engine.approve(run, "boss", by="bob"), "bob asks for it")
        await engine.approve(run, "boss", by="ann")
        assert (await run.result()).granted


async def test_groups_may_come_from_a_function() -> None:
    asked: list[str] = []

    async def look_up(group: str) -> Sequence[str]:
        asked.append(group)
        return ["zoe"] if group == "managers" else []

    async with Engine("memory://", groups=look_up) as engine:
        run = await begun(engine, office.starter_excluded, CLAIM, by="bob")
        await refused(engine.approve(run, "boss", by="ann"), "is not for ann")
        await engine.approve(run, "boss", by="zoe")
        assert (await run.result()).granted
    assert asked == ["managers", "managers"]


async def test_a_function_says_who_may_decide_and_is_asked_once_for_each_vote() -> None:
    store = Troubled()
    async with Engine(store) as engine:
        run = await begun(engine, office.ruled, Claim(by="ann", amount=Decimal(700)))
        assert ASKED == []
    async with Engine(store) as engine:
        with pytest.raises(Refused, match="max decides up to 100") as error:
            await engine.approve("run", "boss", by="max")
        assert error.value.guards == ("senior: max decides up to 100",)
        await refused(engine.approve("run", "boss", by="eve"), "who may: whoever senior lets")
        await engine.approve("run", "boss", by="sue")
        run = await engine.get("run")
        assert (await run.result()).by == "sue"
        (granted,) = await bodies(run, ApprovalGranted)
        assert granted.right == "rule senior"
        (await run.history()).replay()
    assert [actor for actor, _ in ASKED] == ["max", "eve", "sue"]
    assert {amount for _, amount in ASKED} == {Decimal(700)}


async def test_a_lambda_sees_the_variables_of_the_run() -> None:
    store = Troubled()
    async with Engine(store) as engine:
        await begun(engine, office.ruled_by_lambda, CLAIM, Decimal(50))
        await engine.start(office.ruled_by_lambda, CLAIM, Decimal(100), id="other")
        await engine.settle()
    async with Engine(store) as engine:
        await refused(engine.approve("run", "boss", by="eve"), "more than 50")
        await engine.approve("other", "boss", by="eve")
        assert (await (await engine.get("other")).result()).granted


async def test_a_function_that_raises_decides_nothing() -> None:
    async with Engine("memory://") as engine:
        run = await begun(engine, office.badly_ruled, CLAIM)
        before = (await run.snapshot()).head.version
        with pytest.raises(HandlerFailed, match="broken raised AttributeError"):
            await engine.approve(run, "boss", by="eve")
        assert (await run.snapshot()).head.version == before


async def test_without_its_program_no_function_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Troubled()
    async with Engine(store) as engine:
        await begun(engine, office.ruled, CLAIM)
    monkeypatch.setattr("interlock.machines.registry._known", {})
    async with Engine(store, worker=False) as engine:
        with pytest.raises(UnknownMachine, match="'ruled' is not imported here"):
            await engine.approve("run", "boss", by="sue")


async def test_what_is_early_late_or_over_has_an_exact_answer() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        run = await begun(engine, office.timing_out, CLAIM)
        await refused(
            engine.approve(run, "vp", by="vic"),
            "no approval 'vp' is pending", "has not been asked for yet, and no decision is kept",
        )  # fmt: skip
        await refused(engine.approve(run, "king", by="vic"), "its approvals: boss, vp")
        clock.set(clock.now() + timedelta(days=1))  # no timer has fired yet
        await refused(engine.approve(run, "boss", by="bob"), "timed out at 2026-01-02 00:00:00")
        await later(engine, clock, hours=1)
        await refused(engine.approve(run, "boss", by="bob"), "timed out at 2026-01-02 01:00:00")
        await engine.approve(run, "vp", by="vic", reason="late but fine")
        assert await run.result() == "vp: late but fine"
        await refused(engine.approve(run, "vp", by="vic"), "already granted by vic")
        await refused(engine.approve(run, "king", by="vic"), "run 'run' is completed")


async def test_reminders_and_escalations_come_at_fixed_instants() -> None:
    clock, told = ManualClock(), list[Notice]()
    start = clock.now()

    async def notify(notice: Notice) -> None:
        told.append(notice)

    async with Engine("memory://", clock=clock, groups=GROUPS, notify=notify) as engine:
        run = await begun(engine, office.escalating, CLAIM)
        (pending,) = await engine.approvals()
        assert (pending.reminds, pending.escalates) == (
            start + timedelta(days=1), start + timedelta(days=3),
        )  # fmt: skip
        await later(engine, clock, hours=30)  # late: the next one does not move
        assert [(n.kind, n.key) for n in told] == [("reminder", "run/approval:boss#1/reminder 1")]
        assert told[0].names == ["ann", "bob"]
        assert (await engine.approvals())[0].reminds == start + timedelta(days=2)
        await engine.approve(run, "boss", by="ann", reason="yes")
        await later(engine, clock, hours=18)
        await later(engine, clock, days=1)
        assert [n.kind for n in told] == ["reminder", "reminder", "escalation"]
        assert told[2].groups == ["vps"]
        await refused(engine.approve(run, "boss", by="bob"), "who may: the group vps")
        clock.set(start + timedelta(days=4))  # no timer has fired: the clock alone says who may
        await refused(engine.approve(run, "boss", by="vic"), "who may: whoever senior lets")
        await engine.approve(run, "boss", by="sue", reason="after all")
        decision = await run.result()
        assert [vote.by for vote in decision.votes] == ["ann", "sue"]
        reminded = await bodies(run, ApprovalReminded)
        assert [(r.number, r.due) for r in reminded] == [
            (1, start + timedelta(days=1)), (2, start + timedelta(days=2)),
        ]  # fmt: skip
        assert [e.number for e in await bodies(run, ApprovalEscalated)] == [1, 2]
        assert await engine.store.timers("run") == []


async def test_an_escalated_approval_still_times_out() -> None:
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        run = await begun(engine, office.escalating, CLAIM)
        await later(engine, clock, days=30)
        with pytest.raises(TimedOut, match="boss"):
            await run.result()
        reminded = await bodies(run, ApprovalReminded)
        assert [r.number for r in reminded] == [1, 2, 3]


async def test_a_notice_is_given_again_until_it_was_taken() -> None:
    store, clock, told = Troubled(), ManualClock(), list[str]()
    failing = [1, 1]

    async def notify(notice: Notice) -> None:
        told.append(notice.key)
        if failing:
            failing.pop()
            raise OSError("no mail today")

    async with Engine(store, clock=clock, notify=notify) as engine:
        await begun(engine, office.escalating, CLAIM)
        await later(engine, clock, days=1)
        await later(engine, clock, seconds=1)
        assert len(told) == 2
    async with Engine(store, clock=clock, notify=notify) as engine:  # died before it was told
        await engine.tick()
        await engine.settle()
        assert told == ["run/approval:boss#1/reminder 1"] * 3
        await later(engine, clock, hours=2)
        assert len(told) == 3


async def test_what_follows_a_refusal_has_an_instant_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "LONG", 0)  # stays in memory while it waits
    clock = ManualClock()
    async with Engine("memory://", clock=clock) as engine:
        run = await begun(engine, office.timing_out, CLAIM)
        await refused(engine.approve(run, "boss", by="ann", facts="f" * 64), "look at it again")
        clock.set(clock.now() + timedelta(days=1))
        await refused(engine.approve(run, "boss", by="ann"), "timed out at")
        await engine.tick()
        await engine.settle()
        assert (await run.snapshot()).since == clock.now()


async def test_a_right_is_handed_over_and_on() -> None:
    async with Engine("memory://") as engine:
        run = await begun(engine, office.named, CLAIM)
        await refused(engine.delegate(run, "boss", to="eve", by="zoe"), "is not for zoe")
        await refused(engine.delegate(run, "boss", to="ann", by="ann"), "to whom else")
        await engine.delegate(run, "boss", to="eve", by="ann", reason="on holiday")
        await refused(engine.approve(run, "boss", by="ann"), "ann handed the right over to eve")
        await engine.delegate(run, "boss", to="fay", by="eve")
        await refused(
            engine.approve(run, "boss", by="eve"), "is not for eve", "(and fay, by delegation)"
        )
        (pending,) = await engine.approvals(approver="fay")
        assert pending.delegated == {"ann": "fay"}
        assert await engine.approvals(approver="ann") == []
        await engine.approve(run, "boss", by="fay")
        assert (await run.result()).by == "fay"
        (granted,) = await bodies(run, ApprovalGranted)
        assert granted.right == "for ann"


async def test_nothing_is_handed_to_or_by_those_who_have_no_right_to_it() -> None:
    async with Engine("memory://", groups=GROUPS) as engine:
        run = await begun(engine, office.grouped, CLAIM)
        await refused(engine.delegate(run, "boss", to="ann", by="bob"), "ann asks for it")
        await engine.approve(run, "boss", by="bob")
        await refused(engine.delegate(run, "boss", to="eve", by="bob"), "bob has voted already")
        await refused(engine.delegate(run, "boss", to="bob", by="cho"), "bob has voted already")
        other = await engine.start(office.plain, CLAIM, id="other")
        await engine.settle()
        await refused(engine.delegate(other, "boss", to="eve", by="bob"), "for anybody to decide")


async def test_the_inbox_shows_what_one_may_decide() -> None:
    async with Engine("memory://", groups=GROUPS) as engine:
        for name, flow in (("g", office.grouped), ("n", office.named), ("r", office.ruled)):
            await engine.start(flow, CLAIM, id=name)
        await engine.settle()

        async def runs(**wanted: str) -> list[str]:
            return [pending.run for pending in await engine.approvals(**wanted)]

        assert await runs() == ["g", "n", "r"]
        assert await runs(approver="bob") == ["g", "n", "r"]
        assert await runs(approver="ann") == ["n", "r"]
        assert await runs(approver="eve") == ["r"]
        assert await runs(group="managers") == ["g"]
        assert await runs(run="n") == ["n"]
        assert await runs(name="vp") == []
        await engine.approve("g", "boss", by="bob")
        assert await runs(approver="bob") == ["n", "r"]
        (pending,) = await engine.approvals(run="g")
        assert [vote.actor.id for vote in pending.votes] == ["bob"]


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("nobody", "is nobody"),
        ("few", "2 people cannot always come to a decision by 2 yes or 2 no"),
        ("quorum", "quorum=0 has to be a number of people"),
        ("four eyes", "four_eyes needs to know who asks"),
        ("escalate", "escalate= takes Escalate"),
        ("coroutine", "takes a plain function"),
    ],
)
async def test_what_cannot_be_asked_is_said_at_the_await(kind: str, says: str) -> None:
    async with Engine("memory://") as engine:
        run = await engine.start(office.misasked, kind, id="run")
        with pytest.raises(BadDefinition, match=says):
            await run.result()
