"""Runs that do several things at once, from the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cli import desk
from cli.kit import Invoke, document, lines
from interlock.engine import Engine, Run

BILL = "d-1/settle:compliance+finance+supplier+bill#1[bill]"


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A database with one deal, which waits at every desk."""
    url = f"sqlite:///{tmp_path}/desk.db"
    asyncio.run(asyncio.wait_for(_fill(url), 30))
    return url


async def _fill(url: str) -> None:
    async with Engine(url, machines=[desk.desk, desk.billing]) as engine:
        await engine.start(desk.desk, desk.Deal("d-1", 5), id="d-1")
        await engine.settle()


@pytest.fixture(autouse=True)
def _app(il: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLOCK_APP", "cli.desk")


def test_show_has_a_line_for_each_branch_and_what_to_type_for_it(il: Invoke) -> None:
    shown = il("show", "d-1").stdout
    assert shown.startswith("d-1 waiting\n")
    told = shown.partition("Waits for\n")[2].partition("\n\n")[0].splitlines()
    assert told == [
        "  settle:compliance+finance+supplier+bill, 0 of 4 done, 4 under way",
        told[1],
        "                → interlock approve d-1 compliance/officer (or reject)",
        "    finance     approval officer, from anybody, about 5",
        "                → interlock approve d-1 finance/officer (or reject)",
        "    supplier    race:answer+late, 0 of 2 done, 2 under way",
        "      answer  command Asked",
        "              → interlock send d-1 Asked JSON",
        told[8],
        f"    bill        child cli-billing, run {BILL} waiting, for approval bill",
    ]
    assert told[1].startswith("    compliance  approval officer, from ann, bob, 0 of 2 said yes, ")
    assert told[1].endswith('about {"id": "d-1, screened", "amount": 5}')
    assert told[8].startswith("      late    sleep, until ")


def test_json_says_of_each_branch_what_the_text_does(il: Invoke) -> None:
    shown = document(il("show", "d-1", "--json"))
    join = next(one for one in shown["waits"] if one["kind"] == "join")
    assert join["progress"]["calls"] == join["progress"]["under_way"] == 4
    asked = {one["address"]: one for one in shown["waits"] if one["kind"] == "approval"}
    assert asked["compliance/officer"]["about"] == {"id": "d-1, screened", "amount": 5}
    assert asked["compliance/officer"]["approval"]["quorum"] == 2
    assert asked["finance/officer"]["about"] == 5
    assert {one["child"] for one in shown["waits"] if one["kind"] == "child"} == {BILL}
    assert set(shown["branches"]) == {one["branch"] for one in shown["waits"]} - {""}


def test_children_are_listed_with_their_parents(il: Invoke) -> None:
    rows = {row["run"]: row for row in lines(il("runs", "--json"))}
    assert rows[BILL]["parent"] == "d-1"
    assert rows["d-1"]["parent"] is None
    assert rows["d-1"]["status"] == "waiting"
    assert rows["d-1"]["summary"].startswith("approval finance/officer, approval compliance/")
    assert "approval finance/officer" in il("runs").stdout
    assert "child of  d-1\n" in il("show", BILL).stdout


def test_approvals_say_whose_they_are_and_how_far(il: Invoke) -> None:
    assert il("approve", "d-1", "compliance/officer", "--by", "ann").exit_code == 0
    table = il("approvals").stdout
    assert "compliance/officer  cli-desk     ann, bob  1 of 2: ann yes" in table
    assert [row["address"] for row in lines(il("approvals", "--json", "--for", "bob"))] == [
        "finance/officer", "compliance/officer", "bill",
    ]  # fmt: skip
    assert [row["address"] for row in lines(il("approvals", "--json", "--for", "ann"))] == [
        "finance/officer", "bill",
    ]  # fmt: skip
    (one,) = lines(il("approvals", "--json", "--run", "d-1", "--name", "compliance/officer"))
    assert [vote["by"] for vote in one["votes"]] == ["ann"]


def test_an_approval_is_named_with_its_branch(il: Invoke) -> None:
    either = il("approve", "d-1", "officer", "--by", "bob")
    assert either.exit_code == 1
    assert "finance/officer (for anybody), compliance/officer (for ann or bob)" in either.stderr
    first = il("approve", "d-1", "compliance/officer", "--by", "ann").stdout
    assert first.startswith("ann said yes to approval compliance/officer: 1 of 2\n")
    second = il("approve", "d-1", "compliance/officer", "--by", "bob").stdout
    assert second.startswith("approval compliance/officer granted by bob\n")
    again = il("approve", "d-1", "compliance/officer", "--by", "bob")
    assert "was already granted by bob at" in again.stderr
    nowhere = il("approve", "d-1", "supplier/officer")
    assert "pending: finance/officer" in nowhere.stderr
    assert "ILK035" in nowhere.stderr


def test_a_decision_on_other_facts_is_refused(il: Invoke) -> None:
    (one,) = lines(il("approvals", "--json", "--name", "finance/officer"))
    stale = il("approve", "d-1", "finance/officer", "--facts", "0" * 16)
    assert stale.exit_code == 1
    assert "look at it again" in stale.stderr
    assert il("approve", "d-1", "finance/officer", "--facts", one["facts"]).exit_code == 0


def test_a_command_for_a_branch_is_sent_and_one_for_later_is_kept(il: Invoke) -> None:
    early = il("send", "d-1", "Cleared", '{"reference": "x"}')
    assert "nothing waits for this Cleared yet: it is kept until something does" in early.stdout
    il("approve", "d-1", "finance/officer", "--by", "fay")
    shown = il("show", "d-1").stdout
    assert "    finance     done\n" in shown
    unknown = il("send", "d-1", "Cancelled")
    assert "it knows Asked, Cleared" in unknown.stderr


def test_send_waits_for_the_answer(il: Invoke) -> None:
    for who in ("ann", "bob"):
        il("approve", "d-1", "compliance/officer", "--by", who)
    il("approve", "d-1", "finance/officer", "--by", "fay")
    il("send", "d-1", "Cleared", '{"reference": "x"}')
    il("send", "d-1", "Asked", '{"what": "first"}')
    late = il("send", "d-1", "Asked", '{"what": "late"}', "--reply", "--timeout", "100 ms")
    assert late.exit_code == 1
    assert "ILK033" in late.stderr
    il("approve", BILL, "bill")  # then the command that came is answered
    il("work", "cli.desk", "--until-idle")
    assert 'replied {"asked": "late", "over": 4}' in il("history", "d-1").stdout
    answered = il("send", "d-1", "Asked", '{"what": "more"}', "--reply", "--json")
    assert answered.exit_code == 1  # it ends the run, and is not answered
    assert document(answered)["error"]["code"] == "ILK089"


def test_a_reply_is_printed(il: Invoke) -> None:
    for who in ("ann", "bob"):
        il("approve", "d-1", "compliance/officer", "--by", who)
    il("approve", "d-1", "finance/officer", "--by", "fay")
    il("send", "d-1", "Cleared", '{"reference": "x"}')
    il("send", "d-1", "Asked", '{"what": "first"}')
    il("approve", BILL, "bill")
    il("work", "cli.desk", "--until-idle")
    told = il("send", "d-1", "Asked", '{"what": "more"}', "--reply")
    assert told.stdout.startswith("Asked sent by ")
    assert 'replied {"asked": "more", "over": 4}\n' in told.stdout


def test_a_right_is_handed_over(il: Invoke) -> None:
    said = il("delegate", "d-1", "compliance/officer", "--to", "cid", "--by", "ann")
    assert said.stdout.startswith(
        "ann handed the right to decide on compliance/officer over to cid\n"
    )
    assert "ann, bob, cid for ann" in il("approvals", "--name", "compliance/officer").stdout
    refused = il("approve", "d-1", "compliance/officer", "--by", "ann")
    assert "ann handed the right over to cid" in refused.stderr
    assert il("approve", "d-1", "compliance/officer", "--by", "cid").exit_code == 0


@pytest.mark.parametrize(
    ("answer", "said", "end"),
    [
        ("--retry", "book is undone again, says ann", "compensated"),
        ("--resolved", "book was undone by other means, says ann", "compensated"),
        ("--skip", "book stays, says ann", "compensation failed"),
    ],
)
def test_a_failed_undo_is_settled(
    il: Invoke, tmp_path: Path, answer: str, said: str, end: str
) -> None:
    desk.BROKEN[:] = ["d-2"]
    (tmp_path / "in").write_text('"d-2"\n')
    il("run", "cli.desk:booking", "--input", str(tmp_path / "in"))
    (row,) = lines(il("runs", "--status", "undo failed", "--json"))
    run = row["run"]
    shown = il("show", run).stdout
    assert f"→ interlock undo {run} book --retry --reason WHY (or --resolved, or --skip)" in shown
    assert il("undo", run, "book", "--reason", "late").exit_code == 2
    wrong = il("undo", run, "refuse", answer, "--reason", "late")
    assert "failed: book" in wrong.stderr
    settled = il("undo", run, "book", answer, "--reason", "late", "--by", "ann").stdout
    assert settled == f"{said}\n{run} is {end} with ValueError: no\n"


async def test_a_call_in_doubt_is_named_with_its_item(il: Invoke, store: str) -> None:
    async with Engine(store, machines=[desk.paying]) as engine:
        run = await engine.start(desk.paying, id="p-1")
        while await _begun(run) < 2:  # noqa: ASYNC110  no event tells it
            await asyncio.sleep(0.01)
    async with Engine(store, machines=[desk.paying]) as engine:
        await engine.settle()
    await asyncio.to_thread(_settle_doubts, il)


async def _begun(run: Run[list[desk.Deal]]) -> int:
    state = await run.snapshot()
    return sum(activity.status == "started" for activity in state.pending.values())


def _settle_doubts(il: Invoke) -> None:
    shown = il("show", "p-1").stdout
    assert "    south  step pay, in doubt, attempt 1" in shown
    assert "           → interlock resolve p-1 south/pay --happened (or --did-not, or" in shown
    either = il("resolve", "p-1", "pay", "--did-not")
    assert "are in doubt: say north/pay, south/pay" in either.stderr
    other = il("resolve", "p-1", "south/pay", "--happened", "--result", '{"id": 1}')
    assert "ILK094: --result of south/pay: id: Input should be a valid string" in other.stderr
    for where, amount in (("south", 2), ("north", 1)):
        result = f'{{"id": "{where}", "amount": {amount}}}'
        il("resolve", "p-1", f"{where}/pay", "--happened", "--result", result)
    assert document(il("show", "p-1", "--json"))["result"] == [
        {"id": "north", "amount": 1}, {"id": "south", "amount": 2},
    ]  # fmt: skip


def test_history_says_which_branch_an_event_is_of(il: Invoke) -> None:
    told = [row["what"] for row in lines(il("history", "d-1", "--json"))]
    assert told[2] == "[compliance] branch compliance begins"
    assert "[compliance] screen called" in told
    asked = next(what for what in told if what.startswith("[compliance] approval"))
    assert asked.endswith('2 of them, about {"id": "d-1, screened", "amount": 5}')
    assert "[supplier/answer] waits for Asked" in told


def test_a_worker_is_idle_while_children_wait_for_people(il: Invoke) -> None:
    assert il("work", "cli.desk", "--until-idle").exit_code == 0
    assert "about" not in il("work", "cli.desk", "--until-idle").stdout


async def test_the_end_of_a_child_is_seen_by_the_next_worker(store: str) -> None:
    async with Engine(store, machines=[desk.billing], recover=False) as other:
        await other.approve(BILL, "bill", by="eva")
        assert await (await other.get(BILL)).result() == "billed"
    async with Engine(store, machines=[desk.desk, desk.billing]) as engine:
        await engine.settle()
        run = await engine.get("d-1")
        joined = next(a.join for a in (await run.snapshot()).pending.values() if a.join is not None)
        assert len(joined.outcomes) == 1


def test_at_shows_the_place_and_the_variables_of_each_branch(il: Invoke) -> None:
    moment = document(il("at", "d-1", "--json"))
    found = {one["branch"]: one for one in moment["branches"]}
    join = "settle:compliance+finance+supplier+bill"
    assert {name: one["state"] for name, one in found.items()} == {
        "compliance": f"{join}/compliance/approval:officer",
        "finance": f"{join}/finance/approval:officer",
        "supplier": f"{join}/supplier/race:answer+late",
    }
    source = found["finance"]["source"]
    assert "approval(" in source["lines"][source["line"] - source["first"]]
    shown = il("at", "d-1", "--version", "4").stdout
    assert "    compliance  step screen, scheduled" in shown
    assert "interlock approve" not in il("at", "d-1").stdout


def test_a_drawing_marks_the_place_of_each_branch(il: Invoke) -> None:
    drawn = il("graph", "--run", "d-1").stdout
    (active,) = (line for line in drawn.splitlines() if line.endswith(" at"))
    marked = active.removeprefix("    class ").removesuffix(" at").split(",")
    inside = [name.partition("_supplier_bill_")[2] for name in marked]
    assert {name for name in inside if name} == {
        "compliance", "compliance_approval_officer", "finance", "finance_approval_officer",
        "supplier", "supplier_race_answer_late", "supplier_race_answer_late_wait_Asked",
        "supplier_race_answer_late_sleep", "cli_billing",
    }  # fmt: skip
    (been,) = (line for line in drawn.splitlines() if line.endswith(" visited"))
    assert "compliance_screen" in been
    assert il("graph", "--run", "d-1", "--format", "dot").stdout.count("#ffb347") >= 3
